#!/usr/bin/env bash
# Everything that has to hold before a change lands: ./test.sh
# Needs Debian 12 on x64, the .NET SDK, and root or sudo for the Debian packages below that are missing. The last line is "N passed, N failed, N skipped".
set -uo pipefail
cd "$(dirname "$0")" || exit 1
export CI=true DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
LOGS=$PWD/artifacts/logs
mkdir -p "$LOGS"

# One line a package, and what it is for.
PACKAGES=(
  clang                      # links the native programs
  gcc-aarch64-linux-gnu      # libraries and objcopy for the arm64 program; compiles the board's bus driver
  libc6-dev-arm64-cross      # same
  openssl                    # certificates; a second opinion on signatures
  mosquitto                  # the broker as it ships
  strace                     # makes system calls of the programs fail
  e2fsprogs                  # mkfs.ext4 and e2fsck for the small file systems
  systemd                    # systemd-analyze, systemd-sysusers
  python3 python3-cbor2      # a second opinion on CBOR
  golang-go golang-golang-x-mod-dev # a second opinion on notes, tiles and log proofs
  zbar-tools                 # reads the QR codes and bar codes
  qpdf poppler-utils         # read the printed report and labels
  librsvg2-bin zint          # draws labels as pictures; a second opinion on bar codes
  chromium                   # runs the page's checks as a regulator's browser does
  qemu-system-arm device-tree-compiler cpio make bc flex bison xz-utils # the emulated board
)

command -v npm >/dev/null || PACKAGES+=(nodejs npm) # the browser's verifier; another node than Debian's will do

fail() { # $1: what was done; $2: its log
  echo "FAILED: $1. The end of $2:"
  tail -n 40 "$2"
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
}

step() { # $1: a name for the log; $2: what is done, for people; rest: the command
  local log=$LOGS/$1.log what=$2 start=$SECONDS
  shift 2
  "$@" >"$log" 2>&1 </dev/null || fail "$what" "$log"
  printf '[%4d s] %s (%d s)\n' "$SECONDS" "$what" "$((SECONDS - start))"
}

packages() {
  local missing=() package root=()
  for package in "${PACKAGES[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  [ "$(id -u)" -eq 0 ] || root=(sudo)
  "${root[@]}" apt-get -o DPkg::Lock::Timeout=400 update || return 1
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=400 install -y --no-install-recommends "${missing[@]}"
}

vulnerable() { # The answer is only as good as the advisories that the package source hands out.
  dotnet list Gateway.sln package --vulnerable --include-transitive >"$LOGS/advisories.txt" || return 1
  cat "$LOGS/advisories.txt"
  ! grep -q 'has the following vulnerable packages' "$LOGS/advisories.txt"
}

verifier() {
  cd Verifier && npm ci --no-audit --no-fund && npm run check && npm test && npm run test:browser
}

native() { # $1: runtime identifier
  rm -rf "artifacts/$1"
  dotnet publish Gateway -c Release -r "$1" --no-restore -o "artifacts/$1" -v minimal >"$LOGS/warnings-$1.txt" 2>&1 || { cat "$LOGS/warnings-$1.txt"; return 1; }
  # docs/decisions/0030: LiteDB's two summary warnings are known; a third one is a mistake.
  if grep -E 'warning [A-Z]+[0-9]+' "$LOGS/warnings-$1.txt" | grep -vE "warning (IL2104|IL3053): Assembly 'LiteDB'"; then
    return 1
  fi
  # docs/decisions/0111: under this name the same program is the reader's, with verify and unpack alone.
  ln -sf gateway "artifacts/$1/coldproof"
  test -x "artifacts/$1/coldproof" && test -s "artifacts/$1/libsodium.so"
}

step packages "Debian packages" packages
step restore "packages restored as locked" dotnet restore Gateway.sln --locked-mode
step build "built, warnings are errors" dotnet build Gateway.sln -c Release --no-restore -v quiet
step format "white space as .editorconfig has it" dotnet format whitespace Gateway.sln --verify-no-changes --no-restore
step vulnerable "no package with a known weakness" vulnerable
step verifier "the browser's verifier gives the answers of the golden files, in node and in Chromium" bash -c "$(declare -f verifier); verifier"
step linux-x64 "gateway published for linux-x64" native linux-x64
step linux-arm64 "gateway published for linux-arm64" native linux-arm64
step ledger "ledger published" dotnet publish Ledger -c Release --no-restore -o artifacts/ledger
[ -x Gateway.Tests/Board/setup.sh ] && step board "emulated board built" Gateway.Tests/Board/setup.sh

start=$SECONDS
dotnet run --project Gateway.Tests -c Release --no-build -- -noColor -xml "$LOGS/tests.xml" 2>&1 </dev/null | tee "$LOGS/tests.log"
ended=${PIPESTATUS[0]}
printf '[%4d s] tests (%d s)\n' "$SECONDS" "$((SECONDS - start))"

# Named once more at the end: of a long log people are shown the last lines.
grep -A 15 -F '[FAIL]' "$LOGS/tests.log" | cut -c 1-400

summary=$(grep -oE 'Gateway\.Tests +Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+, Not Run: [0-9]+' "$LOGS/tests.log" | tail -n 1)
[ -n "$summary" ] || fail "the tests ended with $ended and gave no summary" "$LOGS/tests.log"
read -r total errors failed skipped notrun < <(grep -oE '[0-9]+' <<<"$summary" | tr '\n' ' ')
passed=$((total - failed - skipped - notrun))
failed=$((failed + errors)) # An error is a failure outside any one test: a fixture that would not go down.
[ "$ended" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
[ "$total" -gt 0 ] || failed=1
echo "$passed passed, $failed failed, $((skipped + notrun)) skipped"
[ "$failed" -eq 0 ]

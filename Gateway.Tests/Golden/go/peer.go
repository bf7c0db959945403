// Command peer answers one JSON request a line about notes, trees and tiles, using golang.org/x/mod/sumdb.
package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type request struct {
	Op      string
	Keys    []string
	Key     string
	Name    string
	Seed    []byte
	Seconds uint64
	Note    string
	Text    string
	Entry   []byte
	Entries [][]byte
	Dir     string
	Size    int64
	Old     int64
	Index   int64
	Root    []byte
	OldRoot []byte
	Path    [][]byte
}

type answer struct {
	Error       string
	Text        string
	Keys        []string
	Signers     []string
	Root        []byte
	Inclusion   [][]byte
	Consistency [][]byte
	Tiles       map[string][]byte
}

func main() {
	in := bufio.NewReader(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var q request
		var a *answer
		if err = json.Unmarshal(line, &q); err == nil {
			a, err = reply(&q)
		}
		if err != nil {
			a = &answer{Error: err.Error()}
		}
		if err := out.Encode(a); err != nil {
			return
		}
	}
}

func reply(q *request) (*answer, error) {
	switch q.Op {
	case "keygen":
		skey, vkey, err := note.GenerateKey(bytes.NewReader(q.Seed), q.Name)
		return &answer{Keys: []string{skey, vkey}}, err
	case "open":
		n, err := open(q.Note, q.Keys)
		if err != nil {
			return nil, err
		}
		return &answer{Text: n.Text, Signers: signers(n)}, nil
	case "sign":
		signer, err := note.NewSigner(q.Key)
		if err != nil {
			return nil, err
		}
		text, err := note.Sign(&note.Note{Text: q.Text}, signer)
		return &answer{Text: string(text)}, err
	case "cosign":
		n, err := open(q.Note, q.Keys)
		if err != nil {
			return nil, err
		}
		text, err := note.Sign(n, &cosigner{q.Name, ed25519.NewKeyFromSeed(q.Seed), q.Seconds})
		return &answer{Text: string(text)}, err
	case "prove":
		return prove(q)
	case "checkInclusion":
		return &answer{}, tlog.CheckRecord(hashes(q.Path), q.Size, hash(q.Root), q.Index, tlog.RecordHash(q.Entry))
	case "checkConsistency":
		return &answer{}, tlog.CheckTree(hashes(q.Path), q.Size, hash(q.Root), q.Old, hash(q.OldRoot))
	case "receipt":
		return receipt(q)
	case "tiles":
		return readTiles(q)
	}
	return nil, errors.New("unknown op " + q.Op)
}

// prove builds the tree with tlog and gives its root, two proofs and all its tiles.
func prove(q *request) (*answer, error) {
	var stored store
	for i, entry := range q.Entries {
		more, err := tlog.StoredHashes(int64(i), entry, &stored)
		if err != nil {
			return nil, err
		}
		stored = append(stored, more...)
	}
	size := int64(len(q.Entries))
	root, err := tlog.TreeHash(size, &stored)
	if err != nil {
		return nil, err
	}
	inclusion, err := tlog.ProveRecord(size, q.Index, &stored)
	if err != nil {
		return nil, err
	}
	consistency, err := tlog.ProveTree(size, q.Old, &stored)
	if err != nil {
		return nil, err
	}
	tiles := map[string][]byte{}
	for _, tile := range tlog.NewTiles(8, 0, size) {
		data, err := tlog.ReadTileData(tile, &stored)
		if err != nil {
			return nil, err
		}
		tiles[tilePath(tile)] = data
	}
	return &answer{Root: root[:], Inclusion: flat(inclusion), Consistency: flat(consistency), Tiles: tiles}, nil
}

// readTiles proves an entry from the tiles in a directory; tlog checks every tile against the root before it believes it.
func readTiles(q *request) (*answer, error) {
	reader := tlog.TileHashReader(tlog.Tree{N: q.Size, Hash: hash(q.Root)}, directory(q.Dir))
	proof, err := tlog.ProveRecord(q.Size, q.Index, reader)
	if err != nil {
		return nil, err
	}
	if err := tlog.CheckRecord(proof, q.Size, hash(q.Root), q.Index, tlog.RecordHash(q.Entry)); err != nil {
		return nil, err
	}
	return &answer{Inclusion: flat(proof)}, nil
}

// receipt checks a C2SP tlog-proof of an entry: keys[0] is the log's, all others must have cosigned.
func receipt(q *request) (*answer, error) {
	head, signed, found := strings.Cut(q.Text, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" || len(lines) < 2 {
		return nil, errors.New("not a tlog-proof")
	}
	lines = lines[1:]
	if strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	if err != nil {
		return nil, err
	}
	var path [][]byte
	for _, line := range lines[1:] {
		sum, err := base64.StdEncoding.DecodeString(line)
		if err != nil {
			return nil, err
		}
		path = append(path, sum)
	}
	n, err := open(signed, q.Keys)
	if err != nil {
		return nil, err
	}
	if len(n.Sigs) != len(q.Keys) {
		return nil, fmt.Errorf("%d of %d keys signed", len(n.Sigs), len(q.Keys))
	}
	body := strings.Split(n.Text, "\n")
	size, err := strconv.ParseInt(body[1], 10, 64)
	if err != nil {
		return nil, err
	}
	root, err := tlog.ParseHash(body[2])
	if err != nil {
		return nil, err
	}
	return &answer{Signers: signers(n)}, tlog.CheckRecord(hashes(path), size, root, index, tlog.RecordHash(q.Entry))
}

func open(text string, keys []string) (*note.Note, error) {
	var list []note.Verifier
	for _, key := range keys {
		v, err := verifier(key)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return note.Open([]byte(text), note.VerifierList(list...))
}

// verifier reads a vkey; type 4, a cosignature, is not in x/mod.
func verifier(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) == 3 {
		key, err := base64.StdEncoding.DecodeString(parts[2])
		if err == nil && len(key) == 33 && key[0] == 4 {
			return &cosignerKey{parts[0], ed25519.PublicKey(key[1:])}, nil
		}
	}
	return note.NewVerifier(vkey)
}

type cosignerKey struct {
	name string
	key  ed25519.PublicKey
}

func (c *cosignerKey) Name() string { return c.name }

func (c *cosignerKey) KeyHash() uint32 {
	sum := sha256.Sum256(append([]byte(c.name+"\n\x04"), c.key...))
	return binary.BigEndian.Uint32(sum[:])
}

func (c *cosignerKey) Verify(msg, sig []byte) bool {
	return len(sig) == 72 && ed25519.Verify(c.key, message(binary.BigEndian.Uint64(sig), msg), sig[8:])
}

type cosigner struct {
	name    string
	key     ed25519.PrivateKey
	seconds uint64
}

func (c *cosigner) Name() string { return c.name }

func (c *cosigner) KeyHash() uint32 {
	return (&cosignerKey{c.name, c.key.Public().(ed25519.PublicKey)}).KeyHash()
}

func (c *cosigner) Sign(msg []byte) ([]byte, error) {
	return append(binary.BigEndian.AppendUint64(nil, c.seconds), ed25519.Sign(c.key, message(c.seconds, msg))...), nil
}

func message(seconds uint64, text []byte) []byte {
	return append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", seconds)), text...)
}

// store is tlog's own flat storage of hashes, in memory.
type store []tlog.Hash

func (s *store) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = (*s)[x]
	}
	return out, nil
}

// directory reads tiles as C2SP tlog-tiles lays them out.
type directory string

func (d directory) Height() int { return 8 }

func (d directory) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, tile := range tiles {
		data, err := os.ReadFile(filepath.Join(string(d), tilePath(tile)))
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}

func (d directory) SaveTiles([]tlog.Tile, [][]byte) {}

// tilePath is tlog's path without the height, which C2SP fixes.
func tilePath(tile tlog.Tile) string { return "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/") }

func signers(n *note.Note) []string {
	var names []string
	for _, sig := range n.Sigs {
		names = append(names, sig.Name)
	}
	return names
}

func hash(b []byte) (h tlog.Hash) {
	copy(h[:], b)
	return
}

func hashes(path [][]byte) []tlog.Hash {
	var out []tlog.Hash
	for _, b := range path {
		out = append(out, hash(b))
	}
	return out
}

func flat(path []tlog.Hash) [][]byte {
	out := [][]byte{}
	for _, h := range path {
		out = append(out, append([]byte(nil), h[:]...))
	}
	return out
}

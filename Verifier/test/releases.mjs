// An authority and a log of one entry, made here with node's own cryptography: for pages whose true hash no golden file can hold.
import { createHash, generateKeyPairSync, sign } from 'node:crypto';

const sha = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const head = (major, length) => length < 24 ? Buffer.from([(major << 5) | length]) : length < 256 ? Buffer.from([(major << 5) | 24, length])
  : Buffer.from([(major << 5) | 25, length >> 8, length & 255]);
const bytes = (data) => Buffer.concat([head(2, data.length), data]);
const text = (data) => Buffer.concat([head(3, Buffer.byteLength(data)), Buffer.from(data)]);
const int = (n) => n < 0 ? head(1, -1 - n) : n < 65_536 ? head(0, n) : (() => { const b = Buffer.alloc(9); b[0] = 0x1b; b.writeBigUInt64BE(BigInt(n), 1); return b; })();

/** A policy, and `release(sum)` and `withdrawal(sum, reason)`: files in which its authority says that a page of this hash is its own, or is not to be
 * relied on any more, each logged alone in its log. */
export function publisher() {
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const log = generateKeyPairSync('ed25519');
  const spki = authority.publicKey.export({ type: 'spki', format: 'der' });
  const key = Buffer.concat([Buffer.from([1]), log.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)]);
  const [origin, newline] = ['pages.example/log', Buffer.from('\n')];
  const id = sha(Buffer.from(origin), newline, key).subarray(0, 4);
  const policy = JSON.stringify({ format: 'coldproof-policy/1', authorities: [{ name: 'Page authority', spki: spki.toString('base64') }],
    log: `log ${origin}+${id.toString('hex')}+${key.toString('base64')}\nquorum none\n` });

  const logged = (kind, payload, receipt) => {
    const header = Buffer.concat([head(5, 4), int(1), int(-7), int(3), text(`application/vnd.coldproof.${kind}+cbor`), int(4), bytes(sha(spki).subarray(0, 16)),
      int(15), head(5, 1), int(1), text('authority:pages')]);
    const signed = Buffer.concat([head(4, 4), text('Signature1'), bytes(header), bytes(Buffer.alloc(0)), bytes(payload)]);
    const signature = sign('sha256', signed, { key: authority.privateKey, dsaEncoding: 'ieee-p1363' });
    const cose = Buffer.concat([Buffer.from([0xd2]), head(4, 4), bytes(header), head(5, 0), bytes(payload), bytes(signature)]);
    const checkpoint = `${origin}\n1\n${sha(Buffer.from([0]), cose).toString('base64')}\n`;
    const note = `${checkpoint}\n— ${origin} ${Buffer.concat([id, sign(null, Buffer.from(checkpoint), log.privateKey)]).toString('base64')}\n`;
    const proof = Buffer.from(`c2sp.org/tlog-proof@v1\nindex 0\n\n${note}`);
    return { format: 'coldproof-release/1', statement: cose.toString('base64'), ...(receipt ? { receipt: proof.toString('base64') } : {}) };
  };
  const release = (sum, { name = 'verify.html', receipt = true } = {}) => logged('release',
    Buffer.concat([head(4, 5), int(1), text(name), text('9.9.9'), bytes(Buffer.from(sum, 'hex')), int(1_767_225_600_000)]), receipt);
  const withdrawal = (sum, reason, { name = 'verify.html', receipt = true } = {}) => logged('withdrawal',
    Buffer.concat([head(4, 6), int(1), text(name), text('9.9.9'), bytes(Buffer.from(sum, 'hex')), text(reason), int(1_767_312_000_000)]), receipt);
  return { policy: Buffer.from(policy), release, withdrawal };
}

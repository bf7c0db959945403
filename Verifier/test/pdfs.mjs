// PDFs with attached files, in each of the ways in which tools write them, and some that no tool should.
import { deflateSync } from 'node:zlib';

const latin = (text) => Buffer.from(text, 'latin1');

/** @param {string} form which way of writing @param {[string, Uint8Array][]} files names and contents */
export function evidencePdf(form, files) {
  const objects = new Map();
  let next = 10;
  const pairs = files.map(([name, content]) => {
    const [spec, stream] = [next++, next++];
    const packed = form === 'plain' ? Buffer.from(content) : deflateSync(content);
    const length = form === 'late' ? `${next} 0 R` : form === 'lying' ? packed.length + 5 : packed.length;
    if (form === 'late') objects.set(next++, latin(String(packed.length)));
    const filter = form === 'plain' ? '' : form === 'packed' ? '/Filter [/FlateDecode]' : '/Filter /FlateDecode';
    objects.set(stream, Buffer.concat([latin(`<< /Type /EmbeddedFile ${filter} /Length ${length} >>\nstream\n`), packed, latin('\nendstream')]));
    const wide = `<FEFF${[...name].map((sign) => sign.charCodeAt(0).toString(16).padStart(4, '0')).join('')}>`;
    objects.set(spec, latin(`<< /Type /Filespec /F (${name}) /UF ${wide} /EF << /F ${stream} 0 R >> % a comment >>\n>>`));
    return `(${name}) ${spec} 0 R`;
  });
  if (form === 'kids') {
    objects.set(5, latin(`<< /Limits [(a) (z)] /Names [${pairs.join(' ')}] >>`));
    objects.set(4, latin('<< /Kids [5 0 R] >>'));
  } else objects.set(4, latin(`<< /Names [${pairs.join(' ')}] >>`));
  if (form === 'circle') objects.set(4, latin('<< /Kids [4 0 R] >>'));
  if (form === 'deep') objects.set(4, latin('['.repeat(100_000)));
  objects.set(2, latin('<< /Type /Pages /Kids [] /Count 0 >>'));
  objects.set(1, latin('<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles 4 0 R >> >>'));
  if (form === 'packed') return packed(objects);
  // A hundred thousand numbers, each of which stands for the same long array.
  if (form === 'overlapping') return packed(new Map(Array.from({ length: 100_000 }, (_, i) => [10 + i, latin(i === 0 ? `[${'1 '.repeat(500_000)}]` : '')])), true);
  if (form === 'bottomless') return Buffer.concat([latin('%PDF-1.7\n1 0 obj\n'), latin('<< /A '.repeat(50_000))]);
  return form === 'updated' ? updated(objects) : classic(objects, '', form === 'locked' ? '/Encrypt 1 0 R' : '');
}

function classic(objects, before, more) {
  let out = before === '' ? latin('%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n') : before;
  for (const [number, body] of objects) out = Buffer.concat([out, latin(`${number} 0 obj\n`), body, latin('\nendobj\n')]);
  return Buffer.concat([out, latin(`xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Root 1 0 R ${more} /Size 100 >>\nstartxref\n${out.length}\n%%EOF\n`)]);
}

/** A page first, then the attachments as an incremental update that replaces the catalog: what the ledger's report does. */
function updated(objects) {
  const first = new Map([[1, latin('<< /Type /Catalog /Pages 2 0 R >>')], [2, objects.get(2)]]);
  const rest = new Map([...objects].filter(([number]) => number !== 2));
  return classic(rest, classic(first, '', ''), '/Prev 9');
}

/** Objects kept in an object stream under a cross-reference stream, as PDF 1.5 has it. */
function packed(objects, overlapping = false) {
  const streams = new Map([...objects].filter(([, body]) => body.includes('stream\n')));
  const plain = [...objects].filter(([number]) => !streams.has(number));
  let at = 0;
  const places = plain.map(([number, body]) => [`${number} ${overlapping ? 0 : at}`, at += body.length + 1][0]).join(' ') + ' ';
  const content = deflateSync(Buffer.concat([latin(places), ...plain.flatMap(([, body]) => [body, latin(' ')])]));
  const dictionary = `<< /Type /ObjStm /N ${plain.length} /First ${places.length} /Filter /FlateDecode /Length ${content.length} >>`;
  streams.set(90, Buffer.concat([latin(`${dictionary}\nstream\r\n`), content, latin('\nendstream')]));
  streams.set(91, latin('<< /Type /XRef /Root 1 0 R /Size 92 /W [1 2 1] /Length 0 >>\nstream\n\nendstream'));
  let out = latin('%PDF-1.7\n');
  for (const [number, body] of streams) out = Buffer.concat([out, latin(`${number} 0 obj\n`), body, latin('\nendobj\n')]);
  return Buffer.concat([out, latin('startxref\n0\n%%EOF\n')]);
}

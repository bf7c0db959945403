// What tests reach from node: the verifier and the parts that have golden vectors of their own.
export { hex, unhex, utf8 } from './bytes.ts';
export { parsePolicy } from './bundle.ts';
export { columnHashes, decodeColumn, decodeLeaf } from './leaf.ts';
export { checkReceipt } from './logrules.ts';
export { inclusionFault, parseProof } from './log.ts';
export { decodeHeader } from './statement.ts';
export { TlogPolicy } from './tlogpolicy.ts';
export { leafHash, verifyPartialTree, verifySiblingPath } from './tree.ts';
export { verify } from './verifier.ts';
export { bundleOfPdf, attachments } from './inputs/pdf.ts';
export { compareCsv, parseCsv } from './inputs/csv.ts';
export { unzlib } from './inputs/inflate.ts';
export { recognise } from './inputs/kind.ts';
export { readLogger } from './inputs/logger.ts';
export { openFile, openText } from './inputs/open.ts';
export { readQr, watchCamera } from './inputs/qr.ts';
export { sentence, SENTENCE_KEYS } from './inputs/sentences.ts';

import type { CertificateVerdict } from '../certificate.ts';
import type { Verdict } from '../verdict.ts';

/** What the page has found out about what it was given. Another kind of evidence is another case here and another view in page.ts. */
export type Result = { is: 'verdict'; verdict: Verdict; ms: number } | { is: 'certificate'; code: string; answer: CertificateVerdict };

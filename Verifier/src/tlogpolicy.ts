import { Malformed, refuse, utf8 } from './bytes.ts';
import { shorten } from './json.ts';
import { checkNote, decimal, isBy, NoteKey, parseCheckpoint, type Checkpoint, type Note } from './log.ts';

export interface Witness { name: string; key: NoteKey }
export interface Cosigner { witness: Witness; seconds: bigint; isLogsOwnClock: boolean }
export type PolicyFault = 'None' | 'NotACheckpoint' | 'LogUnknown' | 'LogDidNotSign' | 'SignatureWrong' | 'QuorumNotReached';
export interface PolicyCheck { fault: PolicyFault; reason: string; checkpoint: Checkpoint | null; cosigners: Cosigner[] }

interface Group { name: string; threshold: number; members: string[] }

/** Which logs and which witnesses the reader trusts: C2SP tlog-policy. It never comes with the evidence. */
export class TlogPolicy {
  readonly logs: NoteKey[] = [];
  readonly witnesses: Witness[] = [];
  private readonly groups: Group[] = [];
  private readonly defined = new Set<string>();
  private readonly grouped = new Set<string>();
  private quorum: string | null = null;

  constructor(text: string) {
    if (utf8(text).length > 64 * 1024) refuse('The log policy has more than 65536 bytes.');
    const lines = text.split('\n');
    lines.forEach((line, i) => {
      try {
        if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(line)) refuse('it holds a control character; only tab and newline are allowed');
        this.read(line.split(/[ \t]+/).filter((item) => item.length > 0));
      } catch (fault) {
        if (fault instanceof Malformed) refuse(`Policy line ${i + 1}: ${fault.message}`);
        throw fault;
      }
    });
    if (lines[lines.length - 1] !== '') refuse('The last line of the log policy does not end with a newline.');
    if (this.quorum === null) refuse('The policy has no quorum line; "quorum none" asks for no witness.');
  }

  private read(items: string[]): void {
    const [kind, ...rest] = items;
    if (kind === undefined || kind.startsWith('#')) return;
    if (kind === 'log' && (rest.length === 1 || rest.length === 2)) this.addLog(rest[0]);
    else if (kind === 'witness' && (rest.length === 2 || rest.length === 3)) this.addWitness(rest[0], rest[1]);
    else if (kind === 'group' && rest.length >= 3) this.addGroup(rest[0], rest[1], rest.slice(2));
    else if (kind === 'quorum' && rest.length === 1) this.setQuorum(rest[0]);
    else refuse(`"${shorten(kind)}" with ${rest.length} items behind it is not log, witness, group or quorum`);
  }

  private addLog(vkey: string): void {
    const key = readKey(vkey, 1);
    if (this.logs.some((log) => String(log.publicKey) === String(key.publicKey))) refuse(`the key of ${key.name} is listed twice as a log`);
    room(this.logs, 'logs').push(key);
  }

  private addWitness(name: string, vkey: string): void {
    const key = readKey(vkey, 4);
    if (this.witnesses.some((witness) => String(witness.key.publicKey) === String(key.publicKey))) {
      refuse(`the key of ${key.name} is listed twice as a witness`);
    }
    room(this.witnesses, 'witnesses').push({ name: this.define(name), key });
  }

  private addGroup(name: string, threshold: string, members: string[]): void {
    for (const member of members) {
      if (!this.defined.has(member)) refuse(`the member "${shorten(member)}" is not defined above`);
      if (this.grouped.has(member)) refuse(`"${shorten(member)}" is already a member of a group; a witness counts once`);
      this.grouped.add(member);
    }
    const number = threshold === 'any' ? 1 : threshold === 'all' ? members.length : Number(decimal(threshold) ?? 0n);
    if (number < 1 || number > members.length) refuse(`the threshold "${shorten(threshold)}" is not any, all or 1 to ${members.length}`);
    room(this.groups, 'groups').push({ name: this.define(name), threshold: number, members });
  }

  private setQuorum(name: string): void {
    if (this.quorum !== null) refuse('there is a second quorum');
    if (name !== 'none' && !this.defined.has(name)) refuse(`the quorum "${shorten(name)}" is not defined above`);
    this.quorum = name;
  }

  private define(name: string): string {
    if (name === 'none' || this.defined.has(name)) refuse(`the name "${shorten(name)}" is taken`);
    this.defined.add(name);
    return name;
  }

  /** Holds a checkpoint against the policy: log key, witnesses, quorum. */
  evaluate(note: Note): PolicyCheck {
    let checkpoint: Checkpoint;
    try {
      checkpoint = parseCheckpoint(note.text);
    } catch (fault) {
      if (fault instanceof Malformed) return { fault: 'NotACheckpoint', reason: fault.message, checkpoint: null, cosigners: [] };
      throw fault;
    }
    const logKeys = this.logs.filter((key) => key.name === checkpoint.origin);
    if (logKeys.length === 0) {
      const count = this.logs.length === 1 ? '1 log' : `${this.logs.length} logs`;
      const reason = `The policy knows no log "${shorten(checkpoint.origin)}"; it knows ${count}.`;
      return { fault: 'LogUnknown', reason, checkpoint, cosigners: [] };
    }
    const check = checkNote(note, [...logKeys, ...this.witnesses.map((witness) => witness.key)]);
    if (!check.verified.some((signature) => logKeys.includes(signature.key))) {
      const there = check.verified.length === 0 && note.signatures.some((signature) => logKeys.some((key) => isBy(signature, key)));
      return there ? { fault: 'SignatureWrong', reason: check.reason, checkpoint, cosigners: [] }
        : { fault: 'LogDidNotSign', reason: `The checkpoint carries no signature of the log ${checkpoint.origin}.`, checkpoint, cosigners: [] };
    }
    const cosigners = this.witnesses.flatMap((witness): Cosigner[] => {
      const seconds = check.verified.find((signature) => signature.key === witness.key)?.seconds ?? null;
      return seconds === null ? [] : [{ witness, seconds, isLogsOwnClock: witness.key.name === `${checkpoint.origin}/clock` }];
    });
    return this.weigh(checkpoint, cosigners);
  }

  private weigh(checkpoint: Checkpoint, cosigners: Cosigner[]): PolicyCheck {
    const reached = new Set(['none', ...cosigners.map((cosigner) => cosigner.witness.name)]);
    for (const group of this.groups) {
      if (group.members.filter((member) => reached.has(member)).length >= group.threshold) reached.add(group.name);
    }
    return reached.has(this.quorum ?? '') ? { fault: 'None', reason: '', checkpoint, cosigners }
      : { fault: 'QuorumNotReached', reason: this.missing(reached), checkpoint, cosigners };
  }

  private missing(reached: Set<string>): string {
    const quorum = this.groups.find((group) => group.name === this.quorum);
    if (quorum === undefined) return `The quorum is the witness ${this.quorum}, which has not cosigned.`;
    const have = quorum.members.filter((member) => reached.has(member));
    const names = have.length === 0 ? 'none has cosigned' : `${have.length} cosigned (${have.join(', ')})`;
    const absent = quorum.members.filter((member) => !reached.has(member)).join(', ');
    return `The quorum ${quorum.name} needs ${quorum.threshold} of ${quorum.members.length}: ${names}; missing ${absent}.`;
  }
}

function readKey(vkey: string, type: number): NoteKey {
  const key = new NoteKey(vkey);
  return key.type === type ? key : refuse(`the key of ${key.name} has type ${key.type}; ${type} belongs here`);
}

function room<T>(list: T[], what: string): T[] {
  return list.length < 64 ? list : refuse(`there are more than 64 ${what}`);
}

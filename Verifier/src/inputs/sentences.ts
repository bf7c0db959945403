// What is said of files: what this is, and what to do. {0} and {1} are filled in as text, never as markup.

import { spaced, type Language } from '../reasons.ts';

export type { Language };

const SENTENCES = {
  empty: {
    en: 'This file is empty. Fetch it once more.',
    fr: 'Ce fichier est vide. Récupérez-le à nouveau.',
    zh: '此文件是空的。请重新获取。',
  },
  tooLarge: {
    en: 'This file has {0}; at most {1} of its kind are read. It was not opened. Ask for a shorter window of time.',
    fr: "Ce fichier fait {0} ; on n'en lit que {1} au plus pour ce type. Il n'a pas été ouvert. Demandez une période plus courte.",
    zh: '此文件大小为 {0}；此类文件最多读取 {1}。文件未被打开。请索取较短时间段的记录。',
  },
  damaged: {
    en: 'This file does not keep to its own form: {0} Use the file as it was given to you.',
    fr: "Ce fichier ne respecte pas son propre format : {0} Utilisez le fichier tel qu'on vous l'a remis.",
    zh: '此文件不符合自身的格式：{0} 请使用您收到的原始文件。',
  },
  notReadable: {
    en: 'The browser could not read this file ({0}). Copy it to this computer and choose it again.',
    fr: "Le navigateur n'a pas pu lire ce fichier ({0}). Copiez-le sur cet ordinateur et choisissez-le à nouveau.",
    zh: '浏览器无法读取此文件（{0}）。请将其复制到本机后重新选择。',
  },
  unknownVersion: {
    en: 'This is a Coldproof file of a version that this page does not know ({0}). Use a newer page.',
    fr: "C'est un fichier Coldproof d'une version que cette page ne connaît pas ({0}). Utilisez une page plus récente.",
    zh: '这是 Coldproof 文件，但本页不认识其版本（{0}）。请使用更新的页面。',
  },
  pdfWithoutProof: {
    en: 'This is a PDF without a proof. Ask for the PDF with the proof attached, or for the .coldproof.json file.',
    fr: 'Ce PDF ne contient pas de preuve. Demandez le PDF avec la preuve jointe, ou le fichier .coldproof.json.',
    zh: '此 PDF 不含证明。请索取附有证明的 PDF，或 .coldproof.json 文件。',
  },
  pdfSeveral: {
    en: 'This PDF carries {0} proofs. Take out the one that you mean and choose it here.',
    fr: 'Ce PDF contient {0} preuves. Extrayez celle qui vous intéresse et choisissez-la ici.',
    zh: '此 PDF 附有 {0} 份证明。请取出您需要的那一份，再在此选择。',
  },
  pdfNotReadable: {
    en: 'This PDF cannot be read: {0} Fetch it once more, or ask for the .coldproof.json file.',
    fr: 'Ce PDF est illisible : {0} Récupérez-le à nouveau, ou demandez le fichier .coldproof.json.',
    zh: '无法读取此 PDF：{0} 请重新获取，或索取 .coldproof.json 文件。',
  },
  noCode: {
    en: 'This is a picture in which no QR code could be read. Take it again: straight on, sharp, with the white edge around the code.',
    fr: "Aucun code QR n'a pu être lu sur cette image. Refaites la photo : de face, nette, avec le bord blanc autour du code.",
    zh: '在此图片中未能读出二维码。请重新拍摄：正对、清晰，并保留码四周的白边。',
  },
  imageNotReadable: {
    en: 'This is a picture that the browser cannot show. Save it as PNG or JPEG and choose it again.',
    fr: 'Le navigateur ne peut pas afficher cette image. Enregistrez-la en PNG ou JPEG et choisissez-la à nouveau.',
    zh: '浏览器无法显示此图片。请另存为 PNG 或 JPEG 后重新选择。',
  },
  otherCode: {
    en: 'This code is neither a certificate nor a link to a record. It says: {0}',
    fr: "Ce code n'est ni un certificat ni un lien vers un relevé. Il contient : {0}",
    zh: '此码既不是证书，也不是记录链接。其内容为：{0}',
  },
  otherTable: {
    en: 'This is a table, but not the readings.csv of a record. Choose the readings.csv that came with the proof.',
    fr: "C'est un tableau, mais pas le readings.csv d'un relevé. Choisissez le readings.csv livré avec la preuve.",
    zh: '这是一个表格，但不是记录的 readings.csv。请选择随证明一起提供的 readings.csv。',
  },
  webPage: {
    en: 'This is a web page without a proof inside. Choose the saved evidence page, or the .coldproof.json file.',
    fr: 'Cette page web ne contient pas de preuve. Choisissez la page de preuve enregistrée, ou le fichier .coldproof.json.',
    zh: '此网页不含证明。请选择已保存的证据页面，或 .coldproof.json 文件。',
  },
  archive: {
    en: 'This is an archive or an Office document. Unpack it and choose the file inside; save a table as CSV.',
    fr: "C'est une archive ou un document bureautique. Décompressez-la et choisissez le fichier qu'elle contient ; enregistrez un tableau en CSV.",
    zh: '这是压缩包或 Office 文档。请解压后选择其中的文件；表格请另存为 CSV。',
  },
  text: {
    en: 'This is a text that this page does not know. Choose a .coldproof.json file, a PDF with a proof, or a logger’s file.',
    fr: "C'est un texte que cette page ne connaît pas. Choisissez un fichier .coldproof.json, un PDF avec preuve, ou le fichier d'un enregistreur.",
    zh: '本页不认识此文本。请选择 .coldproof.json 文件、附有证明的 PDF 或记录仪文件。',
  },
  unknown: {
    en: 'This page does not know this kind of file. Choose a .coldproof.json file, a PDF with a proof, or a logger’s file.',
    fr: "Cette page ne connaît pas ce type de fichier. Choisissez un fichier .coldproof.json, un PDF avec preuve, ou le fichier d'un enregistreur.",
    zh: '本页不认识此类文件。请选择 .coldproof.json 文件、附有证明的 PDF 或记录仪文件。',
  },
  cameraRefused: {
    en: 'The camera cannot be used here ({0}). Choose a picture of the code instead.',
    fr: "La caméra n'est pas utilisable ici ({0}). Choisissez plutôt une photo du code.",
    zh: '此处无法使用摄像头（{0}）。请改为选择一张码的图片。',
  },
  loggerUnchanged: {
    en: 'The file is unchanged since the logger signed it; the issuer’s key matches other known Berlinger and Q-tag lots.',
    fr: "Le fichier est inchangé depuis que l'enregistreur l'a signé ; la clé de l'émetteur correspond à d'autres lots Berlinger et Q-tag connus.",
    zh: '自记录仪签名以来，文件未被改动；签发方密钥与其他已知的 Berlinger 和 Q-tag 批次一致。',
  },
  loggerUnknownIssuer: {
    en: 'The file is unchanged since its signing, but the key was not certified by the issuer known from other lots. It may be anybody’s.',
    fr: "Le fichier est inchangé depuis sa signature, mais la clé n'est pas certifiée par l'émetteur connu d'autres lots. Elle peut être à n'importe qui.",
    zh: '自签名以来文件未被改动，但其密钥并非由其他批次的已知签发方认证，可能属于任何人。',
  },
  loggerChanged: {
    en: 'The file is not as the logger signed it. An editor that only changes line ends breaks the signature too; use the file from the logger.',
    fr: "Le fichier n'est pas tel que l'enregistreur l'a signé. Un éditeur qui ne change que les fins de ligne casse aussi la signature ; utilisez le fichier de l'enregistreur.",
    zh: '文件与记录仪签名时不一致。即使编辑器只改动换行符也会破坏签名；请使用记录仪的原始文件。',
  },
  loggerUnsigned: {
    en: 'The file carries no signature: anybody may have written it.',
    fr: "Le fichier ne porte aucune signature : n'importe qui a pu l'écrire.",
    zh: '文件没有签名：任何人都可能写出它。',
  },
  loggerNote: {
    en: 'This was measured by the logger, not by Coldproof. The signature scheme was worked out from files and is not confirmed by the maker.',
    fr: "Ces mesures viennent de l'enregistreur, pas de Coldproof. Le procédé de signature a été déduit de fichiers et n'est pas confirmé par le fabricant.",
    zh: '这些数据由记录仪测得，并非由 Coldproof 测得。签名方式由文件推断得出，未经制造商确认。',
  },
  pdfNote: {
    en: 'Checked is the proof inside the PDF, not the printed pages.',
    fr: 'La vérification porte sur la preuve contenue dans le PDF, pas sur les pages imprimées.',
    zh: '所验证的是 PDF 内附的证明，而非印出的页面。',
  },
  csvEqual: {
    en: 'All {0} readings of the table are those of the proof, to the thousandth of a degree.',
    fr: 'Les {0} mesures du tableau sont celles de la preuve, au millième de degré.',
    zh: '表格中的全部 {0} 个读数与证明一致，精确到千分之一度。',
  },
  csvNeedsBundle: {
    en: 'This is a table of readings. It proves nothing alone: open the proof first, then the table is compared with it.',
    fr: "C'est un tableau de mesures. Seul, il ne prouve rien : ouvrez d'abord la preuve, puis le tableau lui sera comparé.",
    zh: '这是一份读数表。单独不能证明什么：请先打开证明，再与之比较。',
  },
  csvDiffers: {
    en: 'The table differs from the proof. First: line {0}, channel {1}, reading {2}: the table says {3}, the proof says {4}.',
    fr: 'Le tableau diffère de la preuve. Premier écart : ligne {0}, canal {1}, mesure {2} : le tableau dit {3}, la preuve dit {4}.',
    zh: '表格与证明不一致。第一处：第 {0} 行，通道 {1}，读数 {2}：表格为 {3}，证明为 {4}。',
  },
  csvMissing: {
    en: 'Readings of the proof are missing from the table: {0}. First: channel {1}, reading {2}: {3}.',
    fr: 'Des mesures de la preuve manquent dans le tableau : {0}. Première : canal {1}, mesure {2} : {3}.',
    zh: '表格缺少证明中的读数：{0} 个。第一处：通道 {1}，读数 {2}：{3}。',
  },
  csvExtra: {
    en: 'The table has readings that the proof does not have: {0}. First: line {1}, channel {2}, reading {3}.',
    fr: "Le tableau contient des mesures que la preuve n'a pas : {0}. Première : ligne {1}, canal {2}, mesure {3}.",
    zh: '表格含有证明中没有的读数：{0} 个。第一处：第 {1} 行，通道 {2}，读数 {3}。',
  },
  csvRepeated: {
    en: 'Line {1} of the table gives reading {3} of channel {2} a second time. Use the readings.csv as it was given to you.',
    fr: "La ligne {1} du tableau donne une seconde fois la mesure {3} du canal {2}. Utilisez le readings.csv tel qu'on vous l'a remis.",
    zh: '表格第 {1} 行重复给出通道 {2} 的读数 {3}。请使用您收到的原始 readings.csv。',
  },
  csvNotReached: {
    en: 'The table was not compared: the checks of the proof ended before its readings were reached. See why above, then choose the table again.',
    fr: "Le tableau n'a pas été comparé : les vérifications de la preuve se sont arrêtées avant ses mesures. Voyez pourquoi, puis choisissez à nouveau le tableau.",
    zh: '未比对表格：对证明的检查在到达读数之前已经停止。请先查看原因，再重新选择表格。',
  },
  csvNoReadings: {
    en: 'The table was not compared: this proof discloses no single readings. Ask for the proof at the level of readings.',
    fr: "Le tableau n'a pas été comparé : cette preuve ne divulgue aucune mesure individuelle. Demandez la preuve au niveau des mesures.",
    zh: '未比对表格：此证明未披露单个读数。请索取披露读数的证明。',
  },
  csvUnproven: {
    en: 'The proof itself is not verified: see its word.',
    fr: "La preuve elle-même n'est pas vérifiée : voyez son verdict.",
    zh: '该证明本身尚未通过核验：请看其结论。',
  },
  noValue: {
    en: 'no value',
    fr: 'sans valeur',
    zh: '无数值',
  },
} as const satisfies Record<string, Record<Language, string>>;

export type SentenceKey = keyof typeof SENTENCES;

/** Sentences one behind the other; Chinese sets no space between them. */
export function joined(language: Language, sentences: string[]): string {
  return sentences.join(language === 'zh' ? '' : ' ');
}

/** One sentence in one language, its places filled in. */
export function sentence(key: SentenceKey, language: Language, values: readonly string[] = []): string {
  return spaced(language, SENTENCES[key][language]).replace(/\{([0-9])\}/g, (_, place: string) => values[Number(place)] ?? '');
}

export const SENTENCE_KEYS = Object.keys(SENTENCES) as SentenceKey[];

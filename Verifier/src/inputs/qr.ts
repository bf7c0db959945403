import decodeQR from 'qr/decode.js';

export const IMAGE_LENGTH_MAX = 32 * 1024 * 1024;
const SIDE_MAX = 2400;
const RETRY_MS = 1500;

/** Red, green, blue, alpha of each pixel, from the top left. */
export interface Pixels { width: number; height: number; data: Uint8ClampedArray }

/** The text of the QR code in an image, or null where none is found. */
export function readQr(image: Pixels, timeLimit = RETRY_MS): string | null {
  try {
    const text = decodeQR(image, { format: 'RGBA', timeLimit });
    return typeof text === 'string' && text !== '' ? text : null;
  } catch {
    return null; // The reader throws for "no code here" and for "a code that cannot be read" alike; both mean: take a better picture.
  }
}

/** The pixels of an image file, no side longer than 2,400; null where the browser cannot show it. */
export async function pixels(file: Blob): Promise<Pixels | null> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return null; // The only answer that browsers give to a picture that they do not know or that is broken.
  }
  const scale = Math.min(1, SIDE_MAX / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale))];
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) return null;
  context.fillStyle = '#fff'; // Codes drawn on a transparent ground are meant to stand on white.
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** Shows the camera in a video element and gives each text once that a code holds; the answer stops it and lets the camera go. */
export async function watchCamera(video: HTMLVideoElement, found: (text: string) => void): Promise<() => void> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' }, audio: false });
  const release = (): void => {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  };
  video.srcObject = stream;
  video.setAttribute('playsinline', '');
  try {
    await video.play();
  } catch (refused) {
    release(); // Or the camera would stay on behind a page that says that it cannot be used.
    throw refused;
  }
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d', { willReadFrequently: true });
  let before = '';
  const timer = setInterval(() => {
    // The page was drawn anew, in another language or with another file: nobody could end the camera any more.
    if (!video.isConnected) return end();
    if (context === null || video.videoWidth === 0) return;
    const scale = Math.min(1, 1200 / Math.max(video.videoWidth, video.videoHeight));
    [canvas.width, canvas.height] = [Math.round(video.videoWidth * scale), Math.round(video.videoHeight * scale)];
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const text = readQr(context.getImageData(0, 0, canvas.width, canvas.height), 60);
    if (text === null || text === before) return;
    before = text;
    found(text);
  }, 200);
  const end = (): void => {
    clearInterval(timer);
    release();
  };
  return end;
}

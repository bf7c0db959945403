import { watchCamera } from '../inputs/qr.ts';
import { sentence } from '../inputs/sentences.ts';
import { h } from './dom.ts';
import type { Speech } from './speech.ts';

/** A button that shows the camera until it has read one code; nothing at all where a browser gives pages no camera. */
export function cameraPanel(speech: Speech, scanned: (text: string) => void): HTMLElement | null {
  if (navigator.mediaDevices?.getUserMedia === undefined) return null;
  const status = h('p', { role: 'status', id: 'camera-status' });
  const video = h('video', { muted: true, playsinline: true, class: 'camera', hidden: true, 'aria-label': speech.say('camera.picture') });
  video.muted = true; // The attribute alone does not mute an element that a script made, and browsers play unasked only what is mute.
  let stop: (() => void) | null = null;
  let asked = false;
  const button = h('button', { type: 'button', id: 'camera', 'aria-expanded': 'false', click: () => void toggle() }, speech.say('camera'));

  const end = (words: string): void => {
    stop?.();
    [stop, asked] = [null, false];
    video.hidden = true;
    button.textContent = speech.say('camera');
    button.setAttribute('aria-expanded', 'false');
    status.textContent = words;
  };
  const toggle = async (): Promise<void> => {
    if (asked) return end('');
    asked = true;
    video.hidden = false;
    button.textContent = speech.say('camera.stop');
    button.setAttribute('aria-expanded', 'true');
    status.textContent = speech.say('camera.asking');
    try {
      const ended = await watchCamera(video, (text) => {
        end('');
        scanned(text);
      });
      // The reader pressed the button again, or the page was drawn anew, while the browser was still asking.
      if (!asked || !button.isConnected) return ended();
      stop = ended;
      status.textContent = speech.say('camera.hold');
    } catch (refused) {
      if (!(refused instanceof DOMException)) throw refused;
      end(refused.name === 'NotAllowedError' ? speech.say('camera.denied') : refused.name === 'NotFoundError' ? speech.say('camera.none')
        : sentence('cameraRefused', speech.language, [refused.name]));
    }
  };
  addEventListener('pagehide', () => end(''), { once: true });
  return h('div', { class: 'scan' }, button, video, status);
}

// A desktop notification and a short sound for what comes while nobody looks.
import { BASE } from "../ui/base";

const NOTES_HZ = [660, 880];
const BETWEEN_NOTES_S = 0.12;
const LENGTH_S = 0.5;
/** How long a browser may take to let the page make sounds, in ms. */
const RESUMES_MS = 500;

/** Ask the browser for permission; false where it is not given, and where there are no notifications. */
export async function allowed(): Promise<boolean> {
  try {
    return "Notification" in globalThis && (await Notification.requestPermission()) === "granted";
  } catch {
    return false;
  }
}

/**
 * Show a notification that leads back to `path`. A room has one at most: a new one takes the old one's place.
 * Returns whether the browser took it; false when permission has been withdrawn since it was given.
 */
export async function notify(item: string, words: string, path: string): Promise<boolean> {
  if (!("Notification" in globalThis) || Notification.permission !== "granted") return false;
  const options = { body: words, tag: `alcove ${path}`, icon: `${BASE}/favicon.svg`, data: path };
  try {
    // Browsers of phones let only a service worker show notifications; the constructor throws there.
    const worker = await serviceWorker();
    if (worker !== undefined) {
      await worker.showNotification(item, options);
      return true;
    }
    const shown = new Notification(item, options);
    shown.onclick = () => {
      globalThis.focus();
      shown.close();
    };
    return true;
  } catch {
    return false;
  }
}

/** The page's own service worker, where it is active. */
async function serviceWorker(): Promise<ServiceWorkerRegistration | undefined> {
  if (!("serviceWorker" in navigator)) return undefined;
  try {
    const registration = await navigator.serviceWorker.getRegistration();
    return registration?.active ? registration : undefined;
  } catch {
    return undefined;
  }
}

/** Play two soft notes; rejects where there is no sound. A page that was never clicked into stays silent. */
export async function ring(): Promise<void> {
  const audio = new AudioContext();
  try {
    // Without a click on the page the browser never answers.
    if (audio.state !== "running") await Promise.race([audio.resume(), passed(RESUMES_MS)]);
    if (audio.state === "running") await play(audio);
  } finally {
    await audio.close();
  }
}

function play(audio: AudioContext): Promise<void> {
  const volume = audio.createGain();
  volume.gain.setValueAtTime(0.06, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + LENGTH_S);
  volume.connect(audio.destination);
  const notes = NOTES_HZ.map((frequency, index) => {
    const note = audio.createOscillator();
    note.frequency.value = frequency;
    note.connect(volume);
    note.start(audio.currentTime + index * BETWEEN_NOTES_S);
    note.stop(audio.currentTime + LENGTH_S);
    return new Promise<void>((resolve) => note.addEventListener("ended", () => resolve(), { once: true }));
  });
  return Promise.all(notes).then(() => undefined);
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

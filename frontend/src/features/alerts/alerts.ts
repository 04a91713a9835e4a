// A desktop notification and a short sound for what comes while nobody looks.

/** Asks the browser for leave; false where it is not given. */
export async function allowed(): Promise<boolean> {
  if (!("Notification" in globalThis)) return false;
  return (await Notification.requestPermission()) === "granted";
}

export function notify(item: string, words: string): void {
  if (!("Notification" in globalThis) || Notification.permission !== "granted") return;
  // One for each room: a new one takes the old one's place.
  const shown = new Notification(item, {
    body: words.slice(0, 200),
    tag: `alcove ${item}`,
    icon: "/favicon.svg",
  });
  shown.onclick = () => {
    globalThis.focus();
    shown.close();
  };
}

/** Two soft notes. */
export function ring(): void {
  const audio = new AudioContext();
  const volume = audio.createGain();
  volume.gain.setValueAtTime(0.06, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + 0.5);
  volume.connect(audio.destination);
  [660, 880].forEach((frequency, index) => {
    const note = audio.createOscillator();
    note.frequency.value = frequency;
    note.connect(volume);
    note.start(audio.currentTime + index * 0.12);
    note.stop(audio.currentTime + 0.5);
    note.onended = () => index === 1 && void audio.close();
  });
}

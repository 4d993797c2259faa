/** Times and terminals as ps(1) writes them. */

export const padded = (number: number): string => String(number).padStart(2, '0');

/** `[[DD-]HH:]MM:SS` */
export function elapsedTime(seconds: number): string {
  const [days, hours, minutes, rest] = parts(seconds);
  const short = `${padded(minutes)}:${padded(rest)}`;
  if (days > 0) return `${padded(days)}-${padded(hours)}:${short}`;
  return hours > 0 ? `${padded(hours)}:${short}` : short;
}

/** `[DD-]HH:MM:SS` */
export function processorTime(seconds: number): string {
  const [days, hours, minutes, rest] = parts(seconds);
  const time = `${padded(hours)}:${padded(minutes)}:${padded(rest)}`;
  return days > 0 ? `${padded(days)}-${time}` : time;
}

function parts(seconds: number): [days: number, hours: number, minutes: number, seconds: number] {
  const whole = Math.floor(seconds);
  return [Math.floor(whole / 86_400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60];
}

/** `HH:MM` of today, else `Jan02`; milliseconds since the epoch. */
export function startDay(time: number, now: number = Date.now()): string {
  const date = new Date(time);
  if (now - time < 86_400_000 && date.getDate() === new Date(now).getDate())
    return `${padded(date.getHours())}:${padded(date.getMinutes())}`;
  return `${date.toString().slice(4, 7)}${padded(date.getDate())}`;
}

/** Of a device number as proc_pid_stat(5) has it: `pts/0`, `tty1`, `?` for none. */
export function terminalName(device: number): string {
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  if (major >= 136 && major <= 143) return `pts/${minor + (major - 136) * 256}`;
  if (major === 4) return minor < 64 ? `tty${minor}` : `ttyS${minor - 64}`;
  return device === 0 ? '?' : `${major}:${minor}`;
}

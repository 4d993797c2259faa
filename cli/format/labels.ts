type Labels = Readonly<Record<string, string>>;

/** `{{.Labels}}` of docker's lists: key=value,… */
export function labelsText(labels: Labels): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** `{{.Label "key"}}` of docker's lists: a label's value, or nothing. */
export function labelOf(labels: Labels): (name: string) => string {
  return (name) => (Object.hasOwn(labels, name) ? labels[name]! : '');
}

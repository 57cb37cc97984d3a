/** iCalendar as a calendar app reads it: RFC 5545, strict about what the text of others could break. */

export type Component = { name: string, properties: Record<string, string>, children: Component[] }

const unescape = (text: string) => text.replace(/\\([\\;,nN])/g, (_, one: string) => one.toLowerCase() === 'n' ? '\n' : one)
const texts = ['SUMMARY', 'DESCRIPTION', 'NAME', 'X-WR-CALNAME']

/** @throws Error when it is no iCalendar */
export function readCalendarFile(file: string): Component {
  const root: Component = { name: '', properties: {}, children: [] }
  const open = [root]
  for (const line of unfold(file)) {
    const [, key = '', name = '', value = ''] = /^(([A-Z][A-Z0-9-]*)(?:;[^:]*)?):(.*)$/s.exec(line) ?? []
    if (!name) throw new Error(`Not a line of a calendar: ${line}`)
    const parent = open.at(-1) ?? root
    if (name === 'BEGIN') {
      const child: Component = { name: value, properties: {}, children: [] }
      parent.children.push(child)
      open.push(child)
    }
    else if (name === 'END') {
      if (open.pop()?.name !== value) throw new Error(`END:${value} ends something else`)
    }
    else {
      if (texts.includes(name) && /(?<!\\)(?:\\\\)*[;,]/.test(value)) throw new Error(`Not escaped: ${line}`)
      parent.properties[key] = texts.includes(name) ? unescape(value) : value
    }
  }
  const [calendar] = root.children
  if (!calendar || open.length !== 1 || root.children.length !== 1) throw new Error('Not one whole calendar')
  return calendar
}

/** Section 3.1: lines of at most 75 octets, ended by CRLF, gone on with after a space. */
function unfold(file: string): string[] {
  const raw = file.replace(/\r\n$/, '').split('\r\n')
  for (const line of raw) {
    if (new TextEncoder().encode(line).length > 75) throw new Error(`Not folded: ${line}`)
    // eslint-disable-next-line no-control-regex
    if (/[\x00-\x08\x0A-\x1F\x7F]/.test(line)) throw new Error('A control character')
    if (!line.isWellFormed()) throw new Error('Folded in the middle of a character')
  }
  return raw.join('\r\n').replaceAll('\r\n ', '').split('\r\n')
}

/** A line of ours in a console log: here a domain begins. A guest can write the same; it proves nothing. */
export const logHeading = (domid: number): string => `\r\n[tetrarch] ${new Date().toISOString()} domain ${domid}\r\n`

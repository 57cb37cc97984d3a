/** Providers that give an address to anybody who asks. Own list of the largest: it proves what it finds, not what it does not. */
export const publicMailDomains: ReadonlySet<string> = new Set([
  '163.com', '126.com', 'aol.com', 'duck.com', 'fastmail.com', 'gmail.com', 'gmx.com', 'gmx.de', 'gmx.net', 'googlemail.com', 'hey.com', 'hotmail.com',
  'hotmail.co.uk', 'hotmail.fr', 'icloud.com', 'laposte.net', 'libero.it', 'live.com', 'mail.com', 'mail.ru', 'mailinator.com', 'me.com', 'msn.com',
  'naver.com', 'orange.fr', 'outlook.com', 'pm.me', 'posteo.de', 'proton.me', 'protonmail.com', 'qq.com', 'rediffmail.com', 't-online.de', 'tuta.com',
  'tutanota.com', 'web.de', 'yahoo.co.jp', 'yahoo.co.uk', 'yahoo.com', 'yahoo.de', 'yahoo.fr', 'yandex.com', 'yandex.ru', 'ymail.com', 'zoho.com',
])

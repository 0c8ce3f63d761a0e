/** The mails that carry a password reset link: a few templates, each as plain text and as HTML. */
import type { Mail } from '../ports/mailer.js';

export interface ResetMailParts {
  readonly to: string;
  /** The account's username; null when it has none. */
  readonly username: string | null;
  readonly link: string;
  readonly validMinutes: number;
}

interface Wording {
  readonly subject: string;
  readonly before: string;
  readonly button: string;
  readonly after: string;
}

const WORDINGS = {
  default: {
    subject: 'Reset your password',
    before: 'Somebody, hopefully you, asked to reset the password of your account.',
    button: 'Choose a new password',
    after: 'If it was not you, do nothing: your password stays as it is.',
  },
  welcome: {
    subject: 'Set your password',
    before: 'An account was made for you. Choose a password to begin.',
    button: 'Set your password',
    after: 'If you did not expect this, do nothing.',
  },
} as const satisfies Record<string, Wording>;

export type ResetTemplate = keyof typeof WORDINGS;

/** An unknown name means the default: callers may name templates of another system. */
export function resetTemplateNamed(name: string | undefined): ResetTemplate {
  return name === 'welcome' ? 'welcome' : 'default';
}

export function resetMail(template: ResetTemplate, { to, username, link, validMinutes }: ResetMailParts): Mail {
  const { subject, before, button, after } = WORDINGS[template];
  const greeting = username === null ? 'Hello,' : `Hello ${username},`;
  const validity = `The link works once, for ${validMinutes} minutes.`;
  return {
    to,
    subject,
    text: `${[greeting, before, `${button}:\n${link}`, validity, after].join('\n\n')}\n`,
    html: [
      '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>',
      escapeHtml(subject),
      '</title></head><body style="font-family:sans-serif;line-height:1.5">',
      `<p>${escapeHtml(greeting)}</p><p>${escapeHtml(before)}</p>`,
      `<p><a href="${escapeHtml(link)}" rel="noreferrer">${escapeHtml(button)}</a></p>`,
      `<p>${escapeHtml(validity)}</p><p>${escapeHtml(after)}</p>`,
      '</body></html>\n',
    ].join(''),
  };
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (letter) => ENTITIES[letter] ?? letter);
}

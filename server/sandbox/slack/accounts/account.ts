/** Fictional, as is everything in here. */
export interface SandboxAccount {
  kind: 'workspace' | 'organization'
  /** Of a workspace that workspace's own. */
  id: string
  name: string
  domain: string
  /** Who clicks "Allow": only an owner's or admin's token shows second factors. */
  installer: { id: string, handle: string, admin: boolean }
  workspaces: readonly SandboxWorkspace[]
}

export interface SandboxWorkspace {
  id: string
  name: string
  domain: string
  /** Comma-separated; empty: by invitation only. */
  emailDomain: string
  sso: { type: string, name: string, label: string } | null
  people: readonly SandboxPerson[]
  channels: readonly SandboxChannel[]
  preferences: { display_real_names: boolean, disable_file_uploads: string, allow_message_deletion: boolean, msg_edit_window_mins: number, who_can_post_general: string }
}

export interface SandboxPerson {
  handle: string
  role: 'owner' | 'admin' | 'member' | 'guest' | 'bot' | 'deactivated' | 'invited' | 'external'
  /** Second factor; null: none. */
  factor: 'app' | 'sms' | null
  emailConfirmed: boolean
}

export interface SandboxChannel { name: string, isPrivate: boolean, shared: 'no' | 'pending' | 'external', archived: boolean }

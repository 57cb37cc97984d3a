/**
 * `GET /v1/projects/{ref}/config/auth` with all the fields that Supabase's document requires. What is not set is null, what
 * is not on is false, as in the real answers; the SMTP password and a social login's secret are there on purpose:
 * whoever reads the answer must leave them behind.
 */
import type { JsonValue } from '../../store'

type Fields = { [key: string]: JsonValue }

const words = (text: string) => text.trim().split(/\s+/)
const fill = (names: readonly string[], value: JsonValue): Fields => Object.fromEntries(names.map(name => [name, value]))

const socialLogins = words('apple azure bitbucket discord facebook figma github gitlab google kakao keycloak linkedin_oidc notion slack slack_oidc spotify twitch twitter workos x zoom')
const hooks = words('custom_access_token mfa_verification_attempt password_verification_attempt send_sms send_email before_user_created after_user_created')
const notices = words('password_changed email_changed phone_changed mfa_factor_enrolled mfa_factor_unenrolled identity_linked identity_unlinked')
const mails = words('confirmation email_change invite magic_link reauthentication recovery')

const off = words(`
  external_anonymous_users_enabled external_google_skip_nonce_check external_phone_enabled external_web3_solana_enabled
  external_web3_ethereum_enabled mailer_allow_unverified_email_sign_ins mailer_autoconfirm mfa_phone_enroll_enabled
  mfa_phone_verify_enabled mfa_web_authn_enroll_enabled mfa_web_authn_verify_enabled passkey_enabled nimbus_oauth_email_optional
  saml_enabled saml_allow_encrypted_assertions security_sb_forwarded_for_enabled security_captcha_enabled
  security_manual_linking_enabled security_update_password_require_reauthentication sessions_single_per_user sms_autoconfirm
  oauth_server_enabled oauth_server_allow_dynamic_registration custom_oauth_enabled
  security_update_password_require_current_password disable_signup`)

const unset = words(`
  external_apple_additional_client_ids external_azure_url external_gitlab_url external_google_additional_client_ids
  external_keycloak_url external_workos_url webauthn_rp_display_name webauthn_rp_id webauthn_rp_origins mfa_phone_template
  nimbus_oauth_client_id nimbus_oauth_client_secret saml_external_url security_captcha_provider security_captcha_secret sessions_tags
  sms_messagebird_access_key sms_messagebird_originator sms_provider sms_template sms_test_otp sms_test_otp_valid_until
  sms_textlocal_api_key sms_textlocal_sender sms_twilio_account_sid sms_twilio_auth_token sms_twilio_content_sid
  sms_twilio_message_service_sid sms_twilio_verify_account_sid sms_twilio_verify_auth_token sms_twilio_verify_message_service_sid
  sms_vonage_api_key sms_vonage_api_secret sms_vonage_from oauth_server_authorization_path`)

const base: Fields = {
  ...fill(off, false),
  ...fill(unset, null),
  ...fill(socialLogins.map(name => `external_${name}_enabled`), false),
  ...fill(socialLogins.filter(name => name !== 'workos').map(name => `external_${name}_email_optional`), false),
  ...fill(socialLogins.flatMap(name => [`external_${name}_client_id`, `external_${name}_secret`]), null),
  ...fill(hooks.map(name => `hook_${name}_enabled`), false),
  ...fill(hooks.flatMap(name => [`hook_${name}_uri`, `hook_${name}_secrets`]), null),
  ...fill(notices.map(name => `mailer_notifications_${name}_enabled`), false),
  ...fill(mails.flatMap(name => [`mailer_subjects_${name}`, `mailer_templates_${name}_content`]), 'Hello from the sandbox'),
  ...fill(notices.flatMap(name => [`mailer_subjects_${name}_notification`, `mailer_templates_${name}_notification_content`]), 'Hello from the sandbox'),
  api_max_request_duration: 10,
  db_max_pool_size: 10,
  db_max_pool_size_unit: 'connections',
  jwt_exp: 3600,
  mailer_otp_exp: 3600,
  mailer_otp_length: 6,
  mailer_secure_email_change_enabled: true,
  mfa_max_enrolled_factors: 10,
  mfa_phone_otp_length: 6,
  mfa_phone_max_frequency: 5,
  mfa_totp_enroll_enabled: true,
  mfa_totp_verify_enabled: true,
  rate_limit_anonymous_users: 30,
  rate_limit_email_sent: 30,
  rate_limit_sms_sent: 30,
  rate_limit_token_refresh: 150,
  rate_limit_verify: 30,
  rate_limit_otp: 30,
  rate_limit_web3: 30,
  refresh_token_rotation_enabled: true,
  security_refresh_token_reuse_interval: 10,
  sessions_inactivity_timeout: 0,
  sessions_timebox: 0,
  sms_max_frequency: 5,
  sms_otp_exp: 60,
  sms_otp_length: 6,
  smtp_max_frequency: 60,
  custom_oauth_max_providers: 3,
  external_email_enabled: true,
  external_github_enabled: true,
  external_github_client_id: 'sandbox-github-client',
  external_github_secret: 'sandbox-github-secret-that-nobody-may-keep',
  smtp_admin_email: 'no-reply@brightwater.example',
  smtp_host: 'smtp.brightwater.example',
  smtp_port: '587',
  smtp_user: 'brightwater',
  smtp_pass: 'sandbox-smtp-password-that-nobody-may-keep',
  smtp_sender_name: 'Brightwater Labs',
}

/** What is particular to a project, over what every project has. */
export function authConfig(particular: Fields): JsonValue {
  return { ...base, ...particular }
}

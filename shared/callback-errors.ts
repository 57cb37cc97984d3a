/**
 * Every way in which connecting can end without a connection: the code in `/integrations?error=<code>`, what happened,
 * and what to do next.
 */
export const callbackErrors = {
  access_denied: { title: 'You did not give consent', sentence: 'Nothing was connected and nothing was stored.', next: 'Connect again and approve, or ask someone who may.' },
  session_required: { title: 'You were signed out on the way', sentence: 'We could not tell who is connecting, so nothing was stored.', next: 'Sign in and connect again.' },
  forbidden: { title: 'Your role may not connect services', sentence: 'Connecting takes an owner or an admin of this organization.', next: 'Ask an owner to connect it or to change your role.' },
  flow_missing: { title: 'This connection was not started here', sentence: 'The answer came without a matching start in this browser, or it was used already. Nothing was stored.', next: 'Connect again from this page, in this browser.' },
  flow_expired: { title: 'That took longer than ten minutes', sentence: 'The start of this connection has expired. Nothing was stored.', next: 'Connect again.' },
  state_mismatch: { title: 'The answer does not belong to this start', sentence: 'It was meant for another browser, person, organization or provider. Nothing was stored.', next: 'Check that you are in the right organization and connect again.' },
  issuer_mismatch: { title: 'The answer came from somebody else', sentence: 'It names another authorization server than the one we sent you to. Nothing was stored.', next: 'Connect again; if it happens twice, tell your operator.' },
  code_missing: { title: 'The provider sent no code', sentence: 'Its answer was incomplete. Nothing was stored.', next: 'Connect again.' },
  approval_pending: { title: 'Somebody has to approve it first', sentence: 'The provider has asked an administrator of that account. Nothing is connected yet, and nothing was stored.', next: 'Connect again once it is approved there.' },
  code_refused: { title: 'The provider refused the code', sentence: 'It was used before, or has expired. Nothing was stored.', next: 'Connect again.' },
  application_refused: { title: 'The provider does not accept this installation', sentence: 'The client id, the client secret or the redirect address does not match what is registered there.', next: 'Ask the operator to compare them with the provider\'s settings.' },
  provider_unavailable: { title: 'The provider did not answer', sentence: 'It was slow, away, or sent something we could not read. Nothing was stored.', next: 'Try again in a few minutes.' },
  provider_refused: { title: 'The provider refused the request', sentence: 'It ended the connection with an error of its own. Nothing was stored.', next: 'Connect again; if it happens twice, tell your operator.' },
  permission_missing: { title: 'A permission is missing', sentence: 'The grant does not allow us to read which account and projects it covers. Nothing was stored.', next: 'Ask the operator to compare the app\'s permissions with the list on this page.' },
  account_not_found: { title: 'The account could not be found', sentence: 'The provider\'s answer names an account that the one who signed in there cannot see, or that is gone. Nothing was stored.', next: 'Connect again, and choose an account that is yours.' },
  no_project: { title: 'There is nothing to scan in that account', sentence: 'The grant covers no project. Nothing was stored.', next: 'Choose an organization that has a project, or make one, and connect again.' },
  account_missing: { title: 'The app is installed in no account', sentence: 'You signed in, but the app is not installed in an account that you can see, or is suspended there. Nothing was stored.', next: 'Install the app in the account that you want, or ask an owner of it, and connect again.' },
  account_ambiguous: { title: 'You have that app in several accounts', sentence: 'The provider did not say which one you mean, and we do not choose for you. Nothing was stored.', next: 'Ask the operator to set the app\'s name for this provider: connecting then starts at the app\'s page, where you choose the account.' },
  account_mismatch: { title: 'There is nothing to reconnect', sentence: 'The integration that you wanted to reconnect is not in this organization any more. Nothing was stored.', next: 'Connect the account as a new integration.' },
  access_ended: { title: 'That account was being disconnected at the same moment', sentence: 'The provider ended all of its access while you connected it, so nothing was stored.', next: 'Connect again.' },
  role_refused: { title: 'The role does not let us in', sentence: 'It does not exist, or its trust policy does not name our principal together with the external id shown here. Nothing was stored.', next: 'Compare the role\'s trust policy with the one shown here. A role made just now may take a minute: then try again.' },
  role_opens_without_id: { title: 'The role opens without an external id', sentence: 'A statement of its trust policy lets our principal in without the condition on the external id, so that anybody who names this role to us could see your account. Nothing was stored.', next: 'Put the condition shown here into every statement that names our principal, and try again.' },
  role_opens_with_any_id: { title: 'The role opens with any external id', sentence: 'The condition of its trust policy accepts other external ids than the one shown here, by a wildcard or a further statement. Nothing was stored.', next: 'Compare with StringEquals and the one id shown here, and try again.' },
  role_of_another_account: { title: 'This role belongs to another account', sentence: 'The integration that you reconnect is that of another account, and it keeps its account. Nothing was stored.', next: 'Paste the role of the account that it was connected with, or connect this one as a new integration.' },
  role_permission_missing: { title: 'The role lacks a permission', sentence: 'We get in, and may not read the account\'s settings: the policy shown here is not attached to the role, or something above it denies it. Nothing was stored.', next: 'Attach the policy to the role and try again.' },
  not_configured: { title: 'This provider is not configured', sentence: 'The operator has not registered an app for it yet.', next: 'The card below says what is missing.' },
  rate_limited: { title: 'Too many attempts', sentence: 'Connecting was started too often in a short time.', next: 'Wait a minute and try again.' },
  audit_unavailable: { title: 'The audit log could not be written', sentence: 'What can\'t be written there is not done. Nothing was stored.', next: 'Try again; if it happens twice, tell your operator.' },
  internal: { title: 'Something went wrong on our side', sentence: 'Nothing was stored.', next: 'Try again; if it happens twice, tell your operator the time.' },
} as const

export type CallbackErrorCode = keyof typeof callbackErrors

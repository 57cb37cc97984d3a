/**
 * The security advisor's vocabulary as we know it (Supabase's OpenAPI document and
 * https://supabase.com/docs/guides/database/database-advisors). Anything else is reported as information: the list grows.
 */
export const knownLints: ReadonlySet<string> = new Set([
  'advisor_check_unavailable', 'auth_insufficient_mfa_options', 'auth_leaked_password_protection', 'auth_otp_long_expiry',
  'auth_otp_short_length', 'auth_password_policy_missing', 'auth_rls_initplan', 'auth_users_exposed', 'db_connection_failing',
  'db_connection_limit_reached', 'db_not_reachable', 'duplicate_index', 'extension_in_public', 'extension_versions_outdated',
  'fkey_to_auth_unique', 'foreign_table_in_api', 'function_search_path_mutable', 'insecure_queue_exposed_in_api',
  'instance_alert_firing', 'instance_db_down', 'instance_telemetry_lost', 'leaked_service_key', 'log_auth_error_rate_high',
  'log_connections_not_enabled', 'log_data_api_error_rate_high', 'log_edge_function_error_rate_high', 'log_storage_error_rate_high',
  'materialized_view_in_api', 'multiple_permissive_policies', 'network_restrictions_not_set', 'no_backup_admin', 'no_primary_key',
  'password_requirements_min_length', 'pitr_not_enabled', 'policy_exists_rls_disabled', 'project_not_active',
  'realtime_authorization_timeouts', 'realtime_concurrent_users_near_limit', 'realtime_postgres_changes_spike',
  'rls_disabled_in_public', 'rls_enabled_no_policy', 'rls_policy_always_true', 'rls_references_user_metadata',
  'security_definer_view', 'sensitive_columns_exposed', 'ssl_not_enforced', 'table_bloat', 'unindexed_foreign_keys',
  'unsupported_reg_types', 'unused_index', 'vulnerable_postgres_version',
])

/** With one of these in the list the advisor could not look at everything: its silence proves nothing. */
export const blindingLints: ReadonlySet<string> = new Set([
  'advisor_check_unavailable', 'db_connection_failing', 'db_not_reachable', 'instance_db_down', 'project_not_active',
])

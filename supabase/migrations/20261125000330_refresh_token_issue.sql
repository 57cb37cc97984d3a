-- When the refresh token was issued stands beside its end, and may be seen: a forecast counts from it where the provider does not
-- name the end.
create or replace function private.integration_before_write() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.config_metadata := (
    select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(new.config)
    where key in ('project_id', 'project_name', 'expires_at', 'refresh_expires_at', 'refresh_issued_at', 'scopes_requested',
      'scopes_granted', 'enabled_checks')) || jsonb_build_object('renewable', new.config ->> 'refresh_token' is not null);
  new.updated_at := now();
  return new;
end $$;

// Generated from supabase/migrations by `npm run db:types`: do not edit.

export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[]

export type Database = {
  public: {
    Tables: {
      api_keys: {
        Row: {
          created_at: string
          created_by: string | null
          id: string
          key_hash: string
          last_used_at: string | null
          name: string
          organization_id: string
          revoked_at: string | null
          role: string
        }
        Insert: {
          created_at?: string
          created_by?: string | null
          id?: string
          key_hash: string
          last_used_at?: string | null
          name: string
          organization_id: string
          revoked_at?: string | null
          role?: string
        }
        Update: {
          created_at?: string
          created_by?: string | null
          id?: string
          key_hash?: string
          last_used_at?: string | null
          name?: string
          organization_id?: string
          revoked_at?: string | null
          role?: string
        }
        Relationships: [
          {
            foreignKeyName: 'api_keys_organization_id_fkey'
            columns: ['organization_id']
            isOneToOne: false
            referencedRelation: 'organizations'
            referencedColumns: ['id']
          },
        ]
      }
      assessment_results: {
        Row: {
          assessment_id: string
          category: string
          check_id: string
          checked_at: string
          evidence: Json
          organization_id: string
          resource_id: string
          severity: string
          summary: string
          verdict: string
        }
        Insert: {
          assessment_id: string
          category: string
          check_id: string
          checked_at: string
          evidence?: Json
          organization_id: string
          resource_id: string
          severity: string
          summary: string
          verdict: string
        }
        Update: {
          assessment_id?: string
          category?: string
          check_id?: string
          checked_at?: string
          evidence?: Json
          organization_id?: string
          resource_id?: string
          severity?: string
          summary?: string
          verdict?: string
        }
        Relationships: [
          {
            foreignKeyName: 'assessment_results_assessment_id_organization_id_fkey'
            columns: ['assessment_id', 'organization_id']
            isOneToOne: false
            referencedRelation: 'assessments'
            referencedColumns: ['id', 'organization_id']
          },
          {
            foreignKeyName: 'assessment_results_resource_id_organization_id_fkey'
            columns: ['resource_id', 'organization_id']
            isOneToOne: false
            referencedRelation: 'integration_resources'
            referencedColumns: ['id', 'organization_id']
          },
        ]
      }
      assessments: {
        Row: {
          counts: Json
          created_at: string
          error: Json | null
          finished_at: string | null
          id: string
          integration_id: string
          lease_owner: string | null
          lease_until: string | null
          listed_at: string | null
          notice: Json | null
          organization_id: string
          paused_seconds: number
          paused_until: string | null
          progress_done: number
          progress_total: number
          requested_by: string | null
          resource_cursor: string | null
          score: number | null
          started_at: string | null
          status: string
          trigger: string
        }
        Insert: {
          counts?: Json
          created_at?: string
          error?: Json | null
          finished_at?: string | null
          id?: string
          integration_id: string
          lease_owner?: string | null
          lease_until?: string | null
          listed_at?: string | null
          notice?: Json | null
          organization_id: string
          paused_seconds?: number
          paused_until?: string | null
          progress_done?: number
          progress_total?: number
          requested_by?: string | null
          resource_cursor?: string | null
          score?: number | null
          started_at?: string | null
          status?: string
          trigger: string
        }
        Update: {
          counts?: Json
          created_at?: string
          error?: Json | null
          finished_at?: string | null
          id?: string
          integration_id?: string
          lease_owner?: string | null
          lease_until?: string | null
          listed_at?: string | null
          notice?: Json | null
          organization_id?: string
          paused_seconds?: number
          paused_until?: string | null
          progress_done?: number
          progress_total?: number
          requested_by?: string | null
          resource_cursor?: string | null
          score?: number | null
          started_at?: string | null
          status?: string
          trigger?: string
        }
        Relationships: [
          {
            foreignKeyName: 'assessments_integration_id_organization_id_fkey'
            columns: ['integration_id', 'organization_id']
            isOneToOne: false
            referencedRelation: 'integrations'
            referencedColumns: ['id', 'organization_id']
          },
        ]
      }
      audit_heads: {
        Row: {
          at: string
          hash: string
          organization_id: string
          seq: number
        }
        Insert: {
          at: string
          hash: string
          organization_id: string
          seq: number
        }
        Update: {
          at?: string
          hash?: string
          organization_id?: string
          seq?: number
        }
        Relationships: []
      }
      audit_log: {
        Row: {
          action: string
          actor_email: string | null
          actor_id: string | null
          actor_type: string
          created_at: string
          detail: Json
          hash: string
          id: string
          ip: string | null
          organization_id: string | null
          prev_hash: string
          request_id: string | null
          seq: number
          target_id: string | null
          target_type: string | null
          user_agent: string | null
        }
        Insert: {
          action: string
          actor_email?: string | null
          actor_id?: string | null
          actor_type: string
          created_at?: string
          detail?: Json
          hash?: string
          id?: string
          ip?: string | null
          organization_id?: string | null
          prev_hash?: string
          request_id?: string | null
          seq?: number
          target_id?: string | null
          target_type?: string | null
          user_agent?: string | null
        }
        Update: {
          action?: string
          actor_email?: string | null
          actor_id?: string | null
          actor_type?: string
          created_at?: string
          detail?: Json
          hash?: string
          id?: string
          ip?: string | null
          organization_id?: string | null
          prev_hash?: string
          request_id?: string | null
          seq?: number
          target_id?: string | null
          target_type?: string | null
          user_agent?: string | null
        }
        Relationships: []
      }
      calendar_feeds: {
        Row: {
          created_at: string
          created_by: string | null
          id: string
          last_read_at: string | null
          organization_id: string
          token_hash: string
        }
        Insert: {
          created_at?: string
          created_by?: string | null
          id?: string
          last_read_at?: string | null
          organization_id: string
          token_hash: string
        }
        Update: {
          created_at?: string
          created_by?: string | null
          id?: string
          last_read_at?: string | null
          organization_id?: string
          token_hash?: string
        }
        Relationships: [
          {
            foreignKeyName: 'calendar_feeds_organization_id_fkey'
            columns: ['organization_id']
            isOneToOne: true
            referencedRelation: 'organizations'
            referencedColumns: ['id']
          },
        ]
      }
      disconnect_receipts: {
        Row: {
          created_at: string
          id: string
          integration_id: string
          integration_type: string
          name: string
          organization_id: string
          payload: Json
          signature: Json | null
        }
        Insert: {
          created_at?: string
          id?: string
          integration_id: string
          integration_type: string
          name: string
          organization_id: string
          payload: Json
          signature?: Json | null
        }
        Update: {
          created_at?: string
          id?: string
          integration_id?: string
          integration_type?: string
          name?: string
          organization_id?: string
          payload?: Json
          signature?: Json | null
        }
        Relationships: []
      }
      findings: {
        Row: {
          category: string
          check_id: string
          evidence: Json
          first_seen_at: string
          id: string
          integration_id: string
          last_seen_at: string
          organization_id: string
          resolution: string | null
          resolved_at: string | null
          resource_id: string
          severity: string
          severity_rank: number
          status: string
          summary: string
        }
        Insert: {
          category: string
          check_id: string
          evidence?: Json
          first_seen_at: string
          id?: string
          integration_id: string
          last_seen_at: string
          organization_id: string
          resolution?: string | null
          resolved_at?: string | null
          resource_id: string
          severity: string
          severity_rank?: never
          status?: string
          summary: string
        }
        Update: {
          category?: string
          check_id?: string
          evidence?: Json
          first_seen_at?: string
          id?: string
          integration_id?: string
          last_seen_at?: string
          organization_id?: string
          resolution?: string | null
          resolved_at?: string | null
          resource_id?: string
          severity?: string
          severity_rank?: never
          status?: string
          summary?: string
        }
        Relationships: [
          {
            foreignKeyName: 'findings_integration_id_organization_id_fkey'
            columns: ['integration_id', 'organization_id']
            isOneToOne: false
            referencedRelation: 'integrations'
            referencedColumns: ['id', 'organization_id']
          },
          {
            foreignKeyName: 'findings_resource_id_organization_id_fkey'
            columns: ['resource_id', 'organization_id']
            isOneToOne: false
            referencedRelation: 'integration_resources'
            referencedColumns: ['id', 'organization_id']
          },
        ]
      }
      health_changes: {
        Row: {
          alert: string | null
          at: string
          delivered_at: string | null
          delivery_attempts: number
          delivery_due_at: string | null
          from_reason: string | null
          from_state: string | null
          id: string
          integration_id: string
          organization_id: string
          reason: string
          to_state: string
        }
        Insert: {
          alert?: string | null
          at?: string
          delivered_at?: string | null
          delivery_attempts?: number
          delivery_due_at?: string | null
          from_reason?: string | null
          from_state?: string | null
          id?: string
          integration_id: string
          organization_id: string
          reason: string
          to_state: string
        }
        Update: {
          alert?: string | null
          at?: string
          delivered_at?: string | null
          delivery_attempts?: number
          delivery_due_at?: string | null
          from_reason?: string | null
          from_state?: string | null
          id?: string
          integration_id?: string
          organization_id?: string
          reason?: string
          to_state?: string
        }
        Relationships: [
          {
            foreignKeyName: 'health_changes_integration_id_organization_id_fkey'
            columns: ['integration_id', 'organization_id']
            isOneToOne: false
            referencedRelation: 'integrations'
            referencedColumns: ['id', 'organization_id']
          },
        ]
      }
      installation_endings: {
        Row: {
          ended_at: string
          external_account_id: string | null
          id: string
          integration_type: string
          sandbox: boolean
        }
        Insert: {
          ended_at: string
          external_account_id?: string | null
          id?: string
          integration_type: string
          sandbox: boolean
        }
        Update: {
          ended_at?: string
          external_account_id?: string | null
          id?: string
          integration_type?: string
          sandbox?: boolean
        }
        Relationships: []
      }
      installation_secrets: {
        Row: {
          created_at: string
          name: string
          wrapped: string
        }
        Insert: {
          created_at?: string
          name: string
          wrapped: string
        }
        Update: {
          created_at?: string
          name?: string
          wrapped?: string
        }
        Relationships: []
      }
      integration_resources: {
        Row: {
          awaits_choice: boolean
          created_at: string
          enabled: boolean
          external_id: string
          id: string
          integration_id: string
          kind: string
          listed_in: string | null
          metadata: Json
          missing_since: string | null
          name: string
          organization_id: string
          updated_at: string
        }
        Insert: {
          awaits_choice?: boolean
          created_at?: string
          enabled?: boolean
          external_id: string
          id?: string
          integration_id: string
          kind: string
          listed_in?: string | null
          metadata?: Json
          missing_since?: string | null
          name: string
          organization_id: string
          updated_at?: string
        }
        Update: {
          awaits_choice?: boolean
          created_at?: string
          enabled?: boolean
          external_id?: string
          id?: string
          integration_id?: string
          kind?: string
          listed_in?: string | null
          metadata?: Json
          missing_since?: string | null
          name?: string
          organization_id?: string
          updated_at?: string
        }
        Relationships: [
          {
            foreignKeyName: 'integration_resources_integration_id_organization_id_fkey'
            columns: ['integration_id', 'organization_id']
            isOneToOne: false
            referencedRelation: 'integrations'
            referencedColumns: ['id', 'organization_id']
          },
        ]
      }
      integration_signals: {
        Row: {
          facts: Json
          integration_id: string
          kind: string
          organization_id: string
          resource_id: string
          seen_at: string
          unknown: string | null
        }
        Insert: {
          facts?: Json
          integration_id: string
          kind: string
          organization_id: string
          resource_id: string
          seen_at: string
          unknown?: string | null
        }
        Update: {
          facts?: Json
          integration_id?: string
          kind?: string
          organization_id?: string
          resource_id?: string
          seen_at?: string
          unknown?: string | null
        }
        Relationships: [
          {
            foreignKeyName: 'integration_signals_integration_id_organization_id_fkey'
            columns: ['integration_id', 'organization_id']
            isOneToOne: false
            referencedRelation: 'integrations'
            referencedColumns: ['id', 'organization_id']
          },
          {
            foreignKeyName: 'integration_signals_resource_id_organization_id_fkey'
            columns: ['resource_id', 'organization_id']
            isOneToOne: false
            referencedRelation: 'integration_resources'
            referencedColumns: ['id', 'organization_id']
          },
        ]
      }
      integrations: {
        Row: {
          config: Json
          config_metadata: Json
          connected_at: string
          connected_by: string | null
          created_at: string
          credential_key_id: string | null
          exposure: Json | null
          external_account_id: string
          external_account_name: string
          health_reason: string
          health_since: string
          health_state: string
          id: string
          integration_type: string
          last_checked_at: string | null
          last_error: Json | null
          last_success_at: string | null
          name: string
          next_check_at: string | null
          organization_id: string
          provider_state: string | null
          provider_state_at: string | null
          refresh_due_at: string
          refresh_failures: number
          refresh_lease_owner: string | null
          refresh_lease_until: string | null
          refresh_slot: string
          sandbox: boolean
          scan_new_resources: boolean
          scan_schedule: string
          status: string
          updated_at: string
          version: number
          webhook_scan_due_at: string | null
        }
        Insert: {
          config?: Json
          config_metadata?: Json
          connected_at?: string
          connected_by?: string | null
          created_at?: string
          credential_key_id?: never
          exposure?: Json | null
          external_account_id: string
          external_account_name: string
          health_reason?: string
          health_since?: string
          health_state?: string
          id?: string
          integration_type: string
          last_checked_at?: string | null
          last_error?: Json | null
          last_success_at?: string | null
          name: string
          next_check_at?: string | null
          organization_id: string
          provider_state?: string | null
          provider_state_at?: string | null
          refresh_due_at?: string
          refresh_failures?: number
          refresh_lease_owner?: string | null
          refresh_lease_until?: string | null
          refresh_slot?: string
          sandbox?: boolean
          scan_new_resources?: boolean
          scan_schedule: string
          status?: string
          updated_at?: string
          version?: number
          webhook_scan_due_at?: string | null
        }
        Update: {
          config?: Json
          config_metadata?: Json
          connected_at?: string
          connected_by?: string | null
          created_at?: string
          credential_key_id?: never
          exposure?: Json | null
          external_account_id?: string
          external_account_name?: string
          health_reason?: string
          health_since?: string
          health_state?: string
          id?: string
          integration_type?: string
          last_checked_at?: string | null
          last_error?: Json | null
          last_success_at?: string | null
          name?: string
          next_check_at?: string | null
          organization_id?: string
          provider_state?: string | null
          provider_state_at?: string | null
          refresh_due_at?: string
          refresh_failures?: number
          refresh_lease_owner?: string | null
          refresh_lease_until?: string | null
          refresh_slot?: string
          sandbox?: boolean
          scan_new_resources?: boolean
          scan_schedule?: string
          status?: string
          updated_at?: string
          version?: number
          webhook_scan_due_at?: string | null
        }
        Relationships: [
          {
            foreignKeyName: 'integrations_organization_id_fkey'
            columns: ['organization_id']
            isOneToOne: false
            referencedRelation: 'organizations'
            referencedColumns: ['id']
          },
        ]
      }
      invitations: {
        Row: {
          accepted_at: string | null
          created_at: string
          email: string
          expires_at: string
          id: string
          invited_by: string | null
          organization_id: string
          role: string
          token_hash: string
        }
        Insert: {
          accepted_at?: string | null
          created_at?: string
          email: string
          expires_at?: string
          id?: string
          invited_by?: string | null
          organization_id: string
          role: string
          token_hash: string
        }
        Update: {
          accepted_at?: string | null
          created_at?: string
          email?: string
          expires_at?: string
          id?: string
          invited_by?: string | null
          organization_id?: string
          role?: string
          token_hash?: string
        }
        Relationships: [
          {
            foreignKeyName: 'invitations_organization_id_fkey'
            columns: ['organization_id']
            isOneToOne: false
            referencedRelation: 'organizations'
            referencedColumns: ['id']
          },
        ]
      }
      key_encryption_keys: {
        Row: {
          encryptions: number
          first_used_at: string
          kek_id: string
        }
        Insert: {
          encryptions?: number
          first_used_at?: string
          kek_id: string
        }
        Update: {
          encryptions?: number
          first_used_at?: string
          kek_id?: string
        }
        Relationships: []
      }
      key_rotations: {
        Row: {
          finished_at: string | null
          id: string
          started_at: string
        }
        Insert: {
          finished_at?: string | null
          id?: string
          started_at?: string
        }
        Update: {
          finished_at?: string | null
          id?: string
          started_at?: string
        }
        Relationships: []
      }
      organization_keys: {
        Row: {
          created_at: string
          encryptions: number
          kek_id: string
          key_id: string
          organization_id: string
          retired_at: string | null
          wrapped: string
        }
        Insert: {
          created_at?: string
          encryptions?: number
          kek_id: string
          key_id: string
          organization_id: string
          retired_at?: string | null
          wrapped: string
        }
        Update: {
          created_at?: string
          encryptions?: number
          kek_id?: string
          key_id?: string
          organization_id?: string
          retired_at?: string | null
          wrapped?: string
        }
        Relationships: [
          {
            foreignKeyName: 'organization_keys_organization_id_fkey'
            columns: ['organization_id']
            isOneToOne: false
            referencedRelation: 'organizations'
            referencedColumns: ['id']
          },
        ]
      }
      organizations: {
        Row: {
          created_at: string
          id: string
          name: string
        }
        Insert: {
          created_at?: string
          id?: string
          name: string
        }
        Update: {
          created_at?: string
          id?: string
          name?: string
        }
        Relationships: []
      }
      pending_connections: {
        Row: {
          closed_at: string | null
          config: Json
          created_at: string
          expires_at: string
          external_account_id: string
          external_account_name: string
          id: string
          integration_type: string
          organization_id: string
          resources: Json
          sandbox: boolean
          user_id: string | null
          wanted_integration_id: string | null
        }
        Insert: {
          closed_at?: string | null
          config: Json
          created_at?: string
          expires_at?: string
          external_account_id: string
          external_account_name: string
          id?: string
          integration_type: string
          organization_id: string
          resources?: Json
          sandbox?: boolean
          user_id?: string | null
          wanted_integration_id?: string | null
        }
        Update: {
          closed_at?: string | null
          config?: Json
          created_at?: string
          expires_at?: string
          external_account_id?: string
          external_account_name?: string
          id?: string
          integration_type?: string
          organization_id?: string
          resources?: Json
          sandbox?: boolean
          user_id?: string | null
          wanted_integration_id?: string | null
        }
        Relationships: [
          {
            foreignKeyName: 'pending_connections_organization_id_fkey'
            columns: ['organization_id']
            isOneToOne: false
            referencedRelation: 'organizations'
            referencedColumns: ['id']
          },
          {
            foreignKeyName: 'pending_connections_wanted_integration_id_organization_id_fkey'
            columns: ['wanted_integration_id', 'organization_id']
            isOneToOne: false
            referencedRelation: 'integrations'
            referencedColumns: ['id', 'organization_id']
          },
        ]
      }
      rate_buckets: {
        Row: {
          blocked_until: string | null
          calls: number | null
          key: string
          phase: string
          remaining: number | null
          resets_at: string
          started_at: string
          window_number: number
          window_seconds: number
        }
        Insert: {
          blocked_until?: string | null
          calls?: number | null
          key: string
          phase?: string
          remaining?: number | null
          resets_at: string
          started_at: string
          window_number?: number
          window_seconds: number
        }
        Update: {
          blocked_until?: string | null
          calls?: number | null
          key?: string
          phase?: string
          remaining?: number | null
          resets_at?: string
          started_at?: string
          window_number?: number
          window_seconds?: number
        }
        Relationships: []
      }
      rate_shares: {
        Row: {
          key: string
          organization_id: string
          taken: number
          wants_until: string
          window_number: number
        }
        Insert: {
          key: string
          organization_id: string
          taken?: number
          wants_until: string
          window_number: number
        }
        Update: {
          key?: string
          organization_id?: string
          taken?: number
          wants_until?: string
          window_number?: number
        }
        Relationships: [
          {
            foreignKeyName: 'rate_shares_key_fkey'
            columns: ['key']
            isOneToOne: false
            referencedRelation: 'rate_buckets'
            referencedColumns: ['key']
          },
          {
            foreignKeyName: 'rate_shares_organization_id_fkey'
            columns: ['organization_id']
            isOneToOne: false
            referencedRelation: 'organizations'
            referencedColumns: ['id']
          },
        ]
      }
      refresh_journal: {
        Row: {
          ended_at: string | null
          failure: Json | null
          id: string
          integration_id: string
          maybe_spent: boolean
          organization_id: string
          owner: string
          sent_at: string
          slot: string
          state: string
          version: number
        }
        Insert: {
          ended_at?: string | null
          failure?: Json | null
          id?: string
          integration_id: string
          maybe_spent?: boolean
          organization_id: string
          owner: string
          sent_at?: string
          slot: string
          state?: string
          version: number
        }
        Update: {
          ended_at?: string | null
          failure?: Json | null
          id?: string
          integration_id?: string
          maybe_spent?: boolean
          organization_id?: string
          owner?: string
          sent_at?: string
          slot?: string
          state?: string
          version?: number
        }
        Relationships: [
          {
            foreignKeyName: 'refresh_journal_integration_id_organization_id_fkey'
            columns: ['integration_id', 'organization_id']
            isOneToOne: false
            referencedRelation: 'integrations'
            referencedColumns: ['id', 'organization_id']
          },
        ]
      }
      signing_keys: {
        Row: {
          endorsement: Json
          first_used_at: string
          kid: string
          public_jwk: Json
        }
        Insert: {
          endorsement: Json
          first_used_at?: string
          kid: string
          public_jwk: Json
        }
        Update: {
          endorsement?: Json
          first_used_at?: string
          kid?: string
          public_jwk?: Json
        }
        Relationships: []
      }
      used_oauth_states: {
        Row: {
          state_hash: string
          used_at: string
        }
        Insert: {
          state_hash: string
          used_at?: string
        }
        Update: {
          state_hash?: string
          used_at?: string
        }
        Relationships: []
      }
      user_organizations: {
        Row: {
          created_at: string
          organization_id: string
          role: string
          user_id: string
        }
        Insert: {
          created_at?: string
          organization_id: string
          role: string
          user_id: string
        }
        Update: {
          created_at?: string
          organization_id?: string
          role?: string
          user_id?: string
        }
        Relationships: [
          {
            foreignKeyName: 'user_organizations_organization_id_fkey'
            columns: ['organization_id']
            isOneToOne: false
            referencedRelation: 'organizations'
            referencedColumns: ['id']
          },
        ]
      }
      webhook_receipts: {
        Row: {
          delivery_id: string
          events: Json
          id: string
          processed_at: string | null
          provider: string
          received_at: string
          sandbox: boolean
        }
        Insert: {
          delivery_id: string
          events?: Json
          id?: string
          processed_at?: string | null
          provider: string
          received_at?: string
          sandbox?: boolean
        }
        Update: {
          delivery_id?: string
          events?: Json
          id?: string
          processed_at?: string | null
          provider?: string
          received_at?: string
          sandbox?: boolean
        }
        Relationships: []
      }
    }
    Views: {
      credential_uses: {
        Row: {
          audit: Json | null
          credential: Json | null
          fresh_until: string | null
          integration_id: string | null
        }
        Insert: {
          audit?: Json | null
          credential?: Json | null
          fresh_until?: string | null
          integration_id?: string | null
        }
        Relationships: []
      }
    }
    Functions: {
      accept_deliveries: {
        Args: {
          p_items: Json
        }
        Returns: boolean[]
      }
      accept_invitation: {
        Args: {
          p_request?: Json
          p_token_hash: string
        }
        Returns: string
      }
      add_organization_key: {
        Args: {
          p_kek_id: string
          p_key_id: string
          p_organization_id: string
          p_replaces: string
          p_wrapped: string
        }
        Returns: boolean
      }
      add_organization_keys: {
        Args: {
          p_items: Json
        }
        Returns: number
      }
      alert_failed: {
        Args: {
          p_id: string
        }
        Returns: undefined
      }
      apply_deliveries: {
        Args: {
          p_limit: number
          p_provider: string
          p_sandbox: boolean
          p_sentences: Json
        }
        Returns: number
      }
      begin_ending: {
        Args: {
          p_account?: string
          p_connection_id?: string
          p_integration_id?: string
          p_integration_type: string
          p_sandbox: boolean
          p_seconds: number
        }
        Returns: string
      }
      begin_refresh: {
        Args: {
          p_id: string
          p_owner: string
          p_seconds: number
          p_seen_failed_at: string
          p_seen_version: number
          p_slot: string
        }
        Returns: Json
      }
      begin_removal: {
        Args: {
          p_actor: string
          p_id: string
          p_organization_id: string
          p_owner: string
          p_seconds: number
        }
        Returns: {
          outcome: string
          version: number
        }[]
      }
      change_integration: {
        Args: {
          p_enabled_checks?: Json
          p_id: string
          p_name?: string
          p_next_check_at?: string
          p_organization_id: string
          p_request?: Json
          p_scan_new_resources?: boolean
          p_scan_schedule?: string
          p_status?: string
        }
        Returns: boolean
      }
      change_member: {
        Args: {
          p_organization_id: string
          p_request?: Json
          p_role?: string
          p_user_id: string
        }
        Returns: string
      }
      change_resource: {
        Args: {
          p_enabled: boolean
          p_id: string
          p_integration_id: string
          p_organization_id: string
          p_request?: Json
        }
        Returns: boolean
      }
      change_resources: {
        Args: {
          p_enabled: boolean
          p_filter: Json
          p_integration_id: string
          p_organization_id: string
          p_request?: Json
        }
        Returns: number
      }
      claim_alert: {
        Args: {
          p_id: string
          p_seconds: number
        }
        Returns: boolean
      }
      claim_due_integrations: {
        Args: {
          p_items: Json
        }
        Returns: {
          assessment_id: string
          integration_id: string
        }[]
      }
      claim_webhook_scans: {
        Args: {
          p_limit: number
        }
        Returns: string[]
      }
      close_connection: {
        Args: {
          p_audit: Json
          p_id: string
          p_organization_id: string
          p_user_id: string
        }
        Returns: boolean
      }
      complete_assessment: {
        Args: {
          p_audit: Json
          p_id: string
          p_owner: string
        }
        Returns: boolean
      }
      count_targets: {
        Args: {
          p_after: string
          p_integration_id: string
        }
        Returns: {
          kind: string
          targets: number
        }[]
      }
      count_wraps: {
        Args: {
          p_count: number
          p_kek_id: string
        }
        Returns: undefined
      }
      create_invitation: {
        Args: {
          p_email: string
          p_organization_id: string
          p_request?: Json
          p_role: string
          p_token_hash: string
        }
        Returns: {
          created_at: string
          email: string
          expires_at: string
          id: string
          role: string
        }[]
      }
      create_organization: {
        Args: {
          p_name: string
          p_request?: Json
        }
        Returns: string
      }
      credentials_to_rotate: {
        Args: {
          p_after: string
          p_limit: number
        }
        Returns: {
          config: Json
          id: string
          integration_type: string
          keys: Json
          organization_id: string
          reserved: boolean
          version: number
        }[]
      }
      delete_organization: {
        Args: {
          p_actor: string
          p_audit: Json
          p_id: string
        }
        Returns: string
      }
      drop_empty_keys: {
        Args: never
        Returns: number
      }
      end_connection: {
        Args: {
          p_audit: Json
          p_id: string
          p_left: boolean
          p_receipt?: Json
        }
        Returns: string
      }
      end_listing: {
        Args: {
          p_id: string
          p_notices: Json
          p_owner: string
        }
        Returns: string
      }
      export_audit_entries: {
        Args: {
          p_after_seq?: number
          p_limit?: number
          p_organization_id: string
        }
        Returns: {
          entry: string
          hash: string
          prev_hash: string
          seq: number
        }[]
      }
      fail_assessment: {
        Args: {
          p_audit: Json
          p_error: Json
          p_id: string
          p_owner: string
        }
        Returns: boolean
      }
      fail_refresh: {
        Args: {
          p_audit: Json
          p_dead: boolean
          p_error: Json
          p_id: string
          p_journal_id: string
          p_maybe_spent: boolean
          p_owner: string
          p_refresh_due_at: string
          p_refresh_slot: string
          p_version: number
        }
        Returns: boolean
      }
      find_audit_entry: {
        Args: {
          p_after_seq: number
          p_entry_id: string
          p_limit: number
          p_organization_id: string
        }
        Returns: boolean
      }
      finish_ending: {
        Args: {
          p_id: string
        }
        Returns: undefined
      }
      finish_refresh: {
        Args: {
          p_audit: Json
          p_config: Json
          p_id: string
          p_journal_id: string
          p_owner: string
          p_refresh_due_at: string
          p_refresh_slot: string
          p_version: number
        }
        Returns: string
      }
      hold_connection: {
        Args: {
          p_audit: Json
          p_connection: Json
          p_since: string
        }
        Returns: undefined
      }
      key_census: {
        Args: {
          p_after: string
          p_limit: number
        }
        Returns: Json
      }
      keys_needed: {
        Args: never
        Returns: Json
      }
      lease_due_refreshes: {
        Args: {
          p_limit: number
          p_now: string
          p_owner: string
          p_running: number[]
          p_seconds: number
          p_types: string[]
        }
        Returns: Json[]
      }
      list_members: {
        Args: {
          p_organization_id: string
        }
        Returns: {
          created_at: string
          email: string
          role: string
          user_id: string
        }[]
      }
      list_resources: {
        Args: {
          p_after_id?: string
          p_after_place?: string
          p_filter: Json
          p_integration_id: string
          p_limit: number
          p_organization_id: string
        }
        Returns: Json
      }
      lookup_invitation: {
        Args: {
          p_token_hash: string
        }
        Returns: {
          email: string
          organization: string
          role: string
        }[]
      }
      make_calendar_feed: {
        Args: {
          p_organization_id: string
          p_request?: Json
          p_token_hash: string
        }
        Returns: {
          created_at: string
          id: string
          last_read_at: string
        }[]
      }
      mark_unverified: {
        Args: never
        Returns: number
      }
      note_assessment: {
        Args: {
          p_id: string
          p_notice: Json
          p_owner: string
        }
        Returns: boolean
      }
      note_exposure: {
        Args: {
          p_error: Json
          p_id: string
          p_version: number
        }
        Returns: undefined
      }
      note_facts: {
        Args: {
          p_facts: Json
          p_id: string
          p_version: number
        }
        Returns: undefined
      }
      note_probe: {
        Args: {
          p_error: Json
          p_failed: boolean
          p_id: string
          p_refresh_due_at: string
          p_refresh_slot: string
          p_version: number
        }
        Returns: undefined
      }
      note_rates: {
        Args: {
          p_notes: Json
        }
        Returns: undefined
      }
      note_reached: {
        Args: {
          p_id: string
          p_said_at?: string
        }
        Returns: undefined
      }
      note_refusal: {
        Args: {
          p_audit: Json
          p_error: Json
          p_id: string
          p_version: number
        }
        Returns: boolean
      }
      note_success: {
        Args: {
          p_answered_at: string
          p_id: string
          p_version: number
        }
        Returns: undefined
      }
      organization_wraps: {
        Args: {
          p_organization_id: string
        }
        Returns: Json
      }
      organizations_to_rekey: {
        Args: {
          p_before: string
          p_limit: number
        }
        Returns: {
          key_id: string
          organization_id: string
        }[]
      }
      overview: {
        Args: {
          p_organization_id: string
        }
        Returns: Json
      }
      pause_assessment: {
        Args: {
          p_id: string
          p_owner: string
          p_seconds: number
        }
        Returns: boolean
      }
      record_signals: {
        Args: {
          p_integration_id: string
          p_organization_id: string
          p_told: Json
        }
        Returns: undefined
      }
      release_assessment: {
        Args: {
          p_id: string
          p_owner: string
        }
        Returns: boolean
      }
      release_refresh: {
        Args: {
          p_id: string
          p_journal_id: string
          p_owner: string
          p_refresh_due_at: string
        }
        Returns: undefined
      }
      release_removal: {
        Args: {
          p_id: string
          p_owner: string
        }
        Returns: undefined
      }
      remove_integration: {
        Args: {
          p_actor: string
          p_audit: Json
          p_id: string
          p_left: boolean
          p_organization_id: string
          p_receipt: Json
          p_version: number
        }
        Returns: {
          outcome: string
          payload: Json
          receipt_id: string
        }[]
      }
      report_progress: {
        Args: {
          p_done: number
          p_id: string
          p_owner: string
          p_seconds: number
          p_total: number
        }
        Returns: boolean
      }
      request_scan: {
        Args: {
          p_integration_id: string
          p_organization_id: string
          p_request?: Json
        }
        Returns: {
          assessment_id: string
          created: boolean
        }[]
      }
      reserve_encryptions: {
        Args: {
          p_count: number
          p_organization_id: string
        }
        Returns: {
          encryptions: number
          exhausted: boolean
          keys: Json
        }[]
      }
      revoke_calendar_feed: {
        Args: {
          p_organization_id: string
          p_request?: Json
        }
        Returns: string
      }
      send_refresh: {
        Args: {
          p_id: string
          p_journal_id: string
          p_owner: string
          p_seconds: number
          p_version: number
        }
        Returns: boolean
      }
      settle_refreshes: {
        Args: {
          p_limit: number
        }
        Returns: number
      }
      start_assessment: {
        Args: {
          p_id: string
          p_owner: string
          p_seconds: number
        }
        Returns: {
          id: string
          integration_id: string
          listed: boolean
          organization_id: string
          pause_left: number
          progress_done: number
          progress_total: number
          resource_cursor: string
          trigger: string
        }[]
      }
      start_key_rotation: {
        Args: never
        Returns: {
          id: string
          resumed: boolean
          started_at: string
        }[]
      }
      store_connection: {
        Args: {
          p_audit: Json
          p_integration: Json
          p_resources: Json
          p_since: string
          p_version?: number
        }
        Returns: string
      }
      store_listed: {
        Args: {
          p_id: string
          p_owner: string
          p_resources: Json
          p_seconds: number
        }
        Returns: boolean
      }
      store_pending_connection: {
        Args: {
          p_audit: Json
          p_integration: Json
          p_pending_id: string
          p_resources: Json
          p_since: string
          p_version?: number
        }
        Returns: string
      }
      store_results: {
        Args: {
          p_cursor: string
          p_done: number
          p_id: string
          p_owner: string
          p_results: Json
          p_seconds: number
          p_total: number
        }
        Returns: boolean
      }
      store_rotated_credentials: {
        Args: {
          p_items: Json
        }
        Returns: string[]
      }
      store_wraps: {
        Args: {
          p_items: Json
          p_kek_id: string
        }
        Returns: number
      }
      sync_resources: {
        Args: {
          p_integration_id: string
          p_organization_id: string
          p_resources: Json
        }
        Returns: undefined
      }
      take_connection: {
        Args: {
          p_audit: Json
          p_id: string
        }
        Returns: Json
      }
      take_credential: {
        Args: {
          p_audit?: Json
          p_fresh_until?: string
          p_id: string
        }
        Returns: Json
      }
      take_permits: {
        Args: {
          p_asks: Json
        }
        Returns: Json
      }
      unclaimed_assessments: {
        Args: {
          p_limit: number
        }
        Returns: string[]
      }
      undelivered_alerts: {
        Args: {
          p_limit: number
        }
        Returns: string[]
      }
      use_oauth_state: {
        Args: {
          p_state_hash: string
        }
        Returns: string
      }
      verify_audit_chain: {
        Args: {
          p_after_seq?: number
          p_limit?: number
          p_organization_id: string
        }
        Returns: {
          before_id: string
          checked: number
          complete: boolean
          fault_id: string
          fault_kind: string
          fault_seq: number
          first_at: string
          head_hash: string
          head_seq: number
          last_seq: number
        }[]
      }
      waiting_deliveries: {
        Args: never
        Returns: {
          provider: string
          sandbox: boolean
        }[]
      }
      withdraw_invitation: {
        Args: {
          p_id: string
          p_organization_id: string
          p_request?: Json
        }
        Returns: boolean
      }
      wraps_to_rewrite: {
        Args: {
          p_after_key_id: string
          p_after_organization_id: string
          p_kek_id: string
          p_limit: number
        }
        Returns: {
          kek_id: string
          key_id: string
          organization_id: string
          wrapped: string
        }[]
      }
    }
    Enums: {
      [_ in never]: never
    }
    CompositeTypes: {
      [_ in never]: never
    }
  }
}

type PublicSchema = Database['public']

export type Tables<T extends keyof PublicSchema['Tables']> = PublicSchema['Tables'][T]['Row']
export type TablesInsert<T extends keyof PublicSchema['Tables']> = PublicSchema['Tables'][T]['Insert']
export type TablesUpdate<T extends keyof PublicSchema['Tables']> = PublicSchema['Tables'][T]['Update']

-- Aurora's status functions, from what streaming replication knows. Written to work on a primary and on a standby.
SET allow_system_table_mods = on;

CREATE OR REPLACE FUNCTION pg_catalog.aurora_global_db_status(
    OUT aws_region text, OUT highest_lsn_written bigint, OUT durability_lag_in_msec bigint,
    OUT rpo_lag_in_msec bigint, OUT last_lag_calculation_time timestamptz,
    OUT feedback_epoch bigint, OUT feedback_xmin bigint)
RETURNS SETOF record LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NOT pg_is_in_recovery() THEN
        RETURN QUERY
        SELECT current_setting('rds_sim.region'), (pg_current_wal_lsn() - '0/0')::bigint, -1::bigint, -1::bigint,
               'epoch'::timestamptz, 0::bigint, 0::bigint
        UNION ALL
        SELECT r.application_name, coalesce(r.flush_lsn - '0/0', 0)::bigint,
               coalesce(extract(epoch FROM r.flush_lag) * 1000, 0)::bigint,
               coalesce(extract(epoch FROM r.replay_lag) * 1000, 0)::bigint,
               coalesce(r.reply_time, clock_timestamp()), 0::bigint, coalesce(r.backend_xmin::text::bigint, 0)
        FROM pg_stat_replication r
        WHERE r.state IN ('streaming', 'catchup') AND r.application_name <> 'pg_basebackup';
        RETURN;
    END IF;
    RETURN QUERY
    WITH standby AS (
        SELECT pg_last_wal_replay_lsn() AS replayed,
               greatest(w.latest_end_lsn, pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) AS known,
               coalesce(w.status = 'streaming', false) AS streaming
        FROM (SELECT 1) AS one LEFT JOIN pg_stat_wal_receiver w ON true)
    SELECT current_setting('rds_sim.primary_region'), (known - '0/0')::bigint, -1::bigint, -1::bigint,
           'epoch'::timestamptz, 0::bigint, 0::bigint
    FROM standby
    UNION ALL
    SELECT current_setting('rds_sim.region'), (replayed - '0/0')::bigint, lag, lag, clock_timestamp(),
           0::bigint, 0::bigint
    FROM standby, LATERAL (
        SELECT CASE WHEN streaming AND replayed >= known THEN 0::bigint
                    ELSE coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000, 0)::bigint
               END AS lag) AS measured;
END
$$;

CREATE OR REPLACE FUNCTION pg_catalog.aurora_global_db_instance_status(
    OUT server_id text, OUT session_id text, OUT aws_region text, OUT durable_lsn bigint,
    OUT highest_lsn_rcvd bigint, OUT feedback_epoch bigint, OUT feedback_xmin bigint,
    OUT oldest_read_view_lsn bigint, OUT visibility_lag_in_msec bigint)
RETURNS SETOF record LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NOT pg_is_in_recovery() THEN
        RETURN QUERY
        SELECT current_setting('rds_sim.server_id'), 'MASTER_SESSION_ID'::text,
               current_setting('rds_sim.region'), (pg_current_wal_flush_lsn() - '0/0')::bigint,
               NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint
        UNION ALL
        SELECT r.application_name, 'standby-' || r.pid, r.application_name, coalesce(r.flush_lsn - '0/0', 0)::bigint,
               coalesce(r.write_lsn - '0/0', 0)::bigint, 0::bigint, coalesce(r.backend_xmin::text::bigint, 0),
               coalesce(r.replay_lsn - '0/0', 0)::bigint,
               coalesce(extract(epoch FROM r.replay_lag) * 1000, 0)::bigint
        FROM pg_stat_replication r
        WHERE r.state IN ('streaming', 'catchup') AND r.application_name <> 'pg_basebackup';
        RETURN;
    END IF;
    RETURN QUERY
    SELECT current_setting('rds_sim.server_id'), 'standby-' || pg_postmaster_start_time()::text,
           current_setting('rds_sim.region'), coalesce(pg_last_wal_receive_lsn() - '0/0', 0)::bigint,
           coalesce(pg_last_wal_receive_lsn() - '0/0', 0)::bigint, 0::bigint, 0::bigint,
           (pg_last_wal_replay_lsn() - '0/0')::bigint,
           coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000, 0)::bigint;
END
$$;

GRANT EXECUTE ON FUNCTION pg_catalog.aurora_global_db_status() TO PUBLIC;
GRANT EXECUTE ON FUNCTION pg_catalog.aurora_global_db_instance_status() TO PUBLIC;

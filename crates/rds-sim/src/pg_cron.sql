-- What pg_cron makes in its database, for a PostgreSQL that the extension cannot be installed in. Whoever plays pg_cron runs
-- the jobs. As there, nobody but a superuser sees or alters a job of somebody else.
CREATE SCHEMA cron;
GRANT USAGE ON SCHEMA cron TO PUBLIC;
CREATE TABLE cron.job (
    jobid bigint PRIMARY KEY, schedule text NOT NULL, command text NOT NULL, database text NOT NULL, username text NOT NULL,
    active boolean NOT NULL DEFAULT true);
GRANT SELECT ON cron.job TO PUBLIC;
ALTER TABLE cron.job ENABLE ROW LEVEL SECURITY;
CREATE POLICY cron_job_policy ON cron.job USING (username = current_user);
CREATE FUNCTION cron.alter_job(
    job_id bigint, schedule text DEFAULT NULL, command text DEFAULT NULL, database text DEFAULT NULL,
    username text DEFAULT NULL, active boolean DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    UPDATE cron.job AS j SET active = coalesce(alter_job.active, j.active)
    WHERE j.jobid = alter_job.job_id AND j.username = session_user;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Job % does not exist or you don''t own it', alter_job.job_id;
    END IF;
END
$$;
-- A parameter group says where pg_cron lives, and a session can read it.
ALTER ROLE ALL SET cron.database_name = 'postgres';

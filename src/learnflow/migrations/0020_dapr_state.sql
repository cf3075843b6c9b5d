-- Dapr's state store has a schema and a role of its own. Its tables are made by Dapr, once a sidecar opens the store;
-- the owner may read and erase in them, so that an export is whole and an erasure complete on every bus.

do $$
begin
    execute format('grant learnflow_dapr to %I', current_user);
end
$$;
create schema dapr authorization learnflow_dapr;
comment on schema dapr is 'the state store of Dapr; its tables are made by Dapr itself';

-- What the calling service keeps about a person there: its rows are told by its app id before the key.
create function dapr_state_of(student uuid) returns table (tab text, record jsonb)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    app text := replace(substr(session_user::text, 4), '_', '-');
begin
    if to_regclass('dapr.state') is not null then
        return query execute
            'select ''state'', jsonb_build_object(''key'', substr(key, length($1) + 3), ''value'', '
            'convert_from(value, ''utf8'')::jsonb) from dapr.state '
            'where starts_with(key, $1 || ''||'') and strpos(key, $2) > 0 '
            'and (expires_at is null or expires_at > now())'
            using app, student::text;
    end if;
end
$$;
comment on function dapr_state_of is 'a person''s rows in Dapr''s state store, of the service that asks';

create function erase_dapr_state(student uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if to_regclass('dapr.state') is not null then
        execute 'delete from dapr.state where strpos(key, $1) > 0' using student::text;
    end if;
end
$$;
comment on function erase_dapr_state is 'forget a person in Dapr''s state store';

-- Every erasure, whoever begins it, ends with a row here.
create function forget_in_dapr() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    perform erase_dapr_state(new.erased_id);
    return new;
end
$$;
create trigger erasures_reach_dapr after insert or update on erasures for each row execute function forget_in_dapr();

revoke all on function dapr_state_of, erase_dapr_state, forget_in_dapr from public;
do $$
declare
    service_role text;
begin
    for service_role in select rolname from pg_roles where rolname like 'lf\_%' loop
        execute format('grant execute on function dapr_state_of to %I', service_role);
    end loop;
end
$$;

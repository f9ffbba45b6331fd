-- Disks that travel by lorry: some or all VMs of a wave are copied to devices, and only what was written meanwhile comes over the wire.

-- Where an agent can write or read seeds, and the public halves of its keys for them, as it last said.
ALTER TABLE agent
  ADD COLUMN seed_places jsonb,
  ADD COLUMN seed_keys jsonb;

CREATE TYPE "ShipmentStatus" AS ENUM ('PREPARING', 'PREPARED', 'HANDED_OVER', 'RECEIVED', 'IMPORTING', 'IMPORTED', 'CAUGHT_UP', 'CANCELLED');

CREATE TABLE shipment (
  id text PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  wave_id text NOT NULL REFERENCES wave(id) ON DELETE RESTRICT ON UPDATE CASCADE,
  status "ShipmentStatus" NOT NULL,
  status_changed_at timestamptz(3) NOT NULL,
  -- status → instant.
  reached_at jsonb NOT NULL,
  -- Names of folders at the source's and at the target's agent, in the order in which they are used.
  source_places text[] NOT NULL,
  target_places text[] NOT NULL DEFAULT '{}',
  transit_days integer NOT NULL,
  carrier text,
  tracking_number text,
  handed_over_at timestamptz(3),
  expected_at timestamptz(3),
  begun_by_id text,
  begun_at timestamptz(3) NOT NULL,
  CONSTRAINT shipment_bounds CHECK (transit_days BETWEEN 1 AND 60 AND length(carrier) <= 100 AND length(tracking_number) <= 100 AND cardinality(source_places) <= 16 AND cardinality(target_places) <= 16),
  CONSTRAINT shipment_handed_over CHECK ((handed_over_at IS NULL) = (carrier IS NULL) AND (handed_over_at IS NULL) = (expected_at IS NULL))
);
CREATE UNIQUE INDEX shipment_one_a_wave ON shipment (wave_id) WHERE status <> 'CANCELLED';
CREATE INDEX shipment_tenant_id ON shipment (tenant_id, begun_at DESC);
CREATE INDEX shipment_under_way ON shipment (id) WHERE status NOT IN ('CAUGHT_UP', 'CANCELLED');

CREATE TABLE shipment_vm (
  shipment_id text NOT NULL REFERENCES shipment(id) ON DELETE RESTRICT ON UPDATE CASCADE,
  migration_id text NOT NULL REFERENCES migration(id) ON DELETE RESTRICT ON UPDATE CASCADE,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  -- What the source said of its seed when that was whole; the manifest is signed.
  exported_at timestamptz(3),
  seed_bytes bigint,
  stored_bytes bigint,
  manifest_hash text,
  -- What the target said when it had read the seed: what was missing or damaged of it comes over the wire.
  imported_at timestamptz(3),
  imported_manifest_hash text,
  damaged_chunks integer,
  damaged_bytes bigint,
  -- Unique bytes written at the source between the export's begin and the import's end.
  written_meanwhile_bytes bigint,
  caught_up_at timestamptz(3),
  PRIMARY KEY (shipment_id, migration_id)
);
CREATE INDEX shipment_vm_migration_id ON shipment_vm (migration_id);

CREATE TABLE shipment_device (
  shipment_id text NOT NULL REFERENCES shipment(id) ON DELETE RESTRICT ON UPDATE CASCADE,
  -- Under which the source's agent saw it: one device, or one folder.
  place text NOT NULL,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  -- Made by the source's agent, one for each seed that lies on it.
  device_ids text[] NOT NULL,
  stored_bytes bigint NOT NULL,
  seal text,
  PRIMARY KEY (shipment_id, place),
  CONSTRAINT shipment_device_bounds CHECK (length(seal) <= 60)
);

-- The custody record: whose hands the devices went through. It only grows.
CREATE TABLE shipment_event (
  id text PRIMARY KEY,
  shipment_id text NOT NULL REFERENCES shipment(id) ON DELETE RESTRICT ON UPDATE CASCADE,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  at timestamptz(3) NOT NULL,
  what text NOT NULL,
  actor_id text,
  actor_name text NOT NULL,
  note text,
  -- Carrier, number and seals as they were said at that moment.
  detail jsonb NOT NULL DEFAULT '{}',
  CONSTRAINT shipment_event_bounds CHECK (length(what) <= 30 AND length(note) <= 500)
);
CREATE INDEX shipment_event_shipment_id ON shipment_event (shipment_id, at);

DO $do$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['shipment', 'shipment_vm', 'shipment_device', 'shipment_event'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY web ON %I TO driftless_web USING (tenant_id = app_tenant_id() OR provider_id = app_provider_id()) WITH CHECK (tenant_id = app_tenant_id() OR provider_id = app_provider_id())', t);
    EXECUTE format('CREATE POLICY coordinator ON %I TO driftless_coordinator USING (true) WITH CHECK (true)', t);
    EXECUTE format('CREATE POLICY owner ON %I TO CURRENT_USER USING (true) WITH CHECK (true)', t);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO driftless_web, driftless_coordinator', t);
  END LOOP;
END $do$;
GRANT UPDATE ON shipment, shipment_device TO driftless_web;
GRANT UPDATE ON shipment, shipment_vm, shipment_device TO driftless_coordinator;
-- While seeds are written, a device may turn out not to be needed.
GRANT DELETE ON shipment_device TO driftless_coordinator;
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON shipment_event FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON shipment_event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Agents hear of it when its status or its places change, and when it begins.
CREATE FUNCTION wake_for_shipment() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN
    PERFORM wake_agents(array_agg(DISTINCT a.id)) FROM shipment_vm v JOIN migration m ON m.id = v.migration_id CROSS JOIN LATERAL (VALUES (m.source_agent_id), (m.target_agent_id)) AS a(id)
      WHERE v.shipment_id = CASE TG_TABLE_NAME WHEN 'shipment' THEN to_jsonb(NEW)->>'id' ELSE to_jsonb(NEW)->>'shipment_id' END;
    RETURN NULL;
  END $$;
CREATE TRIGGER wake_agents AFTER UPDATE OF status, source_places, target_places ON shipment FOR EACH ROW EXECUTE FUNCTION wake_for_shipment();
CREATE TRIGGER wake_agents AFTER INSERT ON shipment_vm FOR EACH ROW EXECUTE FUNCTION wake_for_shipment();

INSERT INTO webhook_event (action, after, event_type) VALUES
  ('shipment.begin', '', 'shipment.begun'),
  ('shipment.status', 'PREPARED', 'shipment.prepared'),
  ('shipment.status', 'HANDED_OVER', 'shipment.handed-over'),
  ('shipment.status', 'RECEIVED', 'shipment.received'),
  ('shipment.status', 'IMPORTED', 'shipment.imported'),
  ('shipment.status', 'CAUGHT_UP', 'shipment.caught-up'),
  ('shipment.status', 'CANCELLED', 'shipment.cancelled');

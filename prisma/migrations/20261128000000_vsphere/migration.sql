-- What agents say of their hypervisor, and of each VM: where it runs, what keeps it from being migrated, what a migration asks of it.
ALTER TABLE agent ADD COLUMN hypervisor jsonb;
ALTER TABLE vm ADD COLUMN placement jsonb, ADD COLUMN blockers jsonb NOT NULL DEFAULT '[]', ADD COLUMN remarks jsonb NOT NULL DEFAULT '[]';

-- A notice is written down once, however often its agent tells it.
CREATE INDEX audit_vm_notices ON audit_entry (subject_id) WHERE action = 'vm.notice';

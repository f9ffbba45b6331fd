-- How much of a disk both sides have read back and found equal while the VM runs.
ALTER TABLE replication ADD COLUMN verified_bytes bigint NOT NULL DEFAULT 0;

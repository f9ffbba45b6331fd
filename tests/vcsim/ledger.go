package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// What a guest keeps on its disks. Every disk starts with a header; on the first disk the ledger follows it. Record n of the ledger
// lies in slot n modulo the number of slots, so that the ledger always holds the newest records without a gap. A copy of the disk
// that misses a write shows an older record, or none, where the newer one belongs.
const (
	ledgerAt    = 4096
	ledgerSlots = 4096
	slotBytes   = 512
	ledgerEnd   = ledgerAt + ledgerSlots*slotBytes
	checksumAt  = slotBytes - 4
)

var (
	headerMagic = []byte("DRIFTLESS GUEST\n")
	recordMagic = []byte("RECORD\r\n")
)

// header is what the first block of a guest's disk says.
type header struct {
	filledBytes int64 // how much of the disk the guest uses
	ledger      bool
}

func (h header) encode() []byte {
	block := make([]byte, slotBytes)
	at := copy(block, headerMagic)
	binary.BigEndian.PutUint64(block[at:], uint64(h.filledBytes))
	if h.ledger {
		binary.BigEndian.PutUint64(block[at+8:], ledgerSlots)
	}
	return block
}

func decodeHeader(block []byte) (header, bool) {
	if !bytes.HasPrefix(block, headerMagic) {
		return header{}, false
	}
	at := len(headerMagic)
	return header{int64(binary.BigEndian.Uint64(block[at:])), binary.BigEndian.Uint64(block[at+8:]) == ledgerSlots}, true
}

func slotAt(sequence int64) int64 {
	return ledgerAt + sequence%ledgerSlots*slotBytes
}

func encodeRecord(sequence, atMs int64) []byte {
	record := make([]byte, slotBytes)
	at := copy(record, recordMagic)
	binary.BigEndian.PutUint64(record[at:], uint64(sequence))
	binary.BigEndian.PutUint64(record[at+8:], uint64(atMs))
	for i := at + 16; i < checksumAt; i++ {
		record[i] = byte(sequence*31 + int64(i))
	}
	binary.BigEndian.PutUint32(record[checksumAt:], crc32.ChecksumIEEE(record[:checksumAt]))
	return record
}

// decodeRecord returns the number of the record in a slot; 0 for a slot that holds none.
func decodeRecord(slot []byte) int64 {
	if !bytes.HasPrefix(slot, recordMagic) || binary.BigEndian.Uint32(slot[checksumAt:]) != crc32.ChecksumIEEE(slot[:checksumAt]) {
		return 0
	}
	return int64(binary.BigEndian.Uint64(slot[len(recordMagic):]))
}

// scanLedger returns the number of the newest record, and what is wrong with the ledger in words; "" where it is whole.
func scanLedger(ledger []byte) (newest int64, wrong string) {
	found := make([]int64, ledgerSlots)
	for slot := range found {
		found[slot] = decodeRecord(ledger[slot*slotBytes : (slot+1)*slotBytes])
		if found[slot] > newest {
			newest = found[slot]
		}
	}
	for sequence := newest; sequence > 0 && sequence > newest-ledgerSlots; sequence-- {
		if held := found[sequence%ledgerSlots]; held != sequence {
			return newest, fmt.Sprintf("Record %d is missing, though record %d is there: its slot holds %s.", sequence, newest, described(held))
		}
	}
	return newest, ""
}

func described(record int64) string {
	if record == 0 {
		return "no whole record"
	}
	return fmt.Sprintf("record %d", record)
}

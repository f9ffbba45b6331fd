package main

import (
	"fmt"
	"log"
	"math/rand"
	"sync"
	"time"
)

const (
	guestTick    = 10 * time.Millisecond
	mostCaughtUp = time.Second
)

// guest is the operating system of a machine that runs. It writes records into the ledger on its first disk, and random blocks over
// what it uses of all its disks, and says how it is.
type guest struct {
	disks   []*disk
	write   func(d *disk, p []byte, offset int64) error
	expects int64
	rates   guestRates
	random  *rand.Rand

	stop  chan struct{}
	ended chan struct{}

	mu    sync.Mutex
	state guestReport
}

type guestRates struct {
	recordsPerSecond, rewriteKiBPerSecond float64
}

func (r guestRates) String() string {
	return fmt.Sprintf("%g,%g", r.recordsPerSecond, r.rewriteKiBPerSecond)
}

// startGuest boots the guest that the machine's configuration names; without one the machine never writes.
func (m *machine) startGuest() {
	var rates guestRates
	if _, err := fmt.Sscanf(m.extra(guestKey), "%g,%g", &rates.recordsPerSecond, &rates.rewriteKiBPerSecond); err != nil {
		return
	}
	g := &guest{write: m.guestWrite, rates: rates, random: rand.New(rand.NewSource(time.Now().UnixNano())), stop: make(chan struct{}), ended: make(chan struct{})}
	g.expects, _ = m.numberIn(expectsKey)
	g.state.Health = "CHECKING"
	for _, key := range m.diskKeys() {
		g.disks = append(g.disks, m.disks[key].disk)
	}
	m.guest = g
	m.showReport()
	go g.run()
	go m.reportOn(g)
}

// stopGuest ends the guest after the write that it is at, and shows its last report.
func (m *machine) stopGuest() {
	if m.guest == nil {
		return
	}
	close(m.guest.stop)
	<-m.guest.ended
	m.showReport()
	m.guest = nil
}

// guestWrite is one write of the guest, which a snapshot waits for and which waits for a snapshot.
func (m *machine) guestWrite(d *disk, p []byte, offset int64) error {
	began := time.Now()
	defer func() { d.activity.note(len(p), time.Since(began)) }()
	m.writing.Lock()
	defer m.writing.Unlock()
	return d.write(p, offset, true)
}

func (g *guest) run() {
	defer close(g.ended)
	areas, wrong := g.boot()
	if wrong != "" {
		g.mu.Lock()
		g.state.Health, g.state.HealthDetail = "BROKEN", &wrong
		g.mu.Unlock()
		return
	}
	ticker := time.NewTicker(guestTick)
	defer ticker.Stop()
	var records, blocks float64
	for before := time.Now(); ; {
		select {
		case <-g.stop:
			return
		case now := <-ticker.C:
			passed := now.Sub(before)
			if passed > mostCaughtUp {
				passed = mostCaughtUp
			}
			before = now
			records += passed.Seconds() * g.rates.recordsPerSecond
			blocks += passed.Seconds() * g.rates.rewriteKiBPerSecond * 1024 / blockBytes
			for ; records >= 1 && g.runs(); records-- {
				g.appendRecord()
			}
			for ; blocks >= 1 && g.runs(); blocks-- {
				g.rewrite(areas)
			}
		}
	}
}

func (g *guest) runs() bool {
	select {
	case <-g.stop:
		return false
	default:
		return true
	}
}

// usedArea is what the guest uses of a disk, without what the ledger needs.
type usedArea struct {
	disk        *disk
	first, last int64 // blocks
}

// boot reads the disks as they are found. Returns where the guest writes, or what is wrong in words.
func (g *guest) boot() ([]usedArea, string) {
	var areas []usedArea
	for number, d := range g.disks {
		block := make([]byte, blockBytes)
		if err := d.read(block, 0, nil); err != nil {
			return nil, err.Error()
		}
		head, ok := decodeHeader(block)
		first := int64(1)
		if number == 0 {
			if !ok || !head.ledger {
				return nil, "There is no operating system on the first disk."
			}
			first = ledgerEnd / blockBytes
		} else if !ok {
			return nil, fmt.Sprintf("There is no file system on disk %d.", number)
		}
		if last := lesser(head.filledBytes, d.sizeBytes) / blockBytes; last > first {
			areas = append(areas, usedArea{d, first, last})
		}
	}
	if len(g.disks) == 0 {
		return nil, "There is no disk."
	}
	return areas, g.checkLedger()
}

func (g *guest) checkLedger() string {
	ledger := make([]byte, ledgerSlots*slotBytes)
	if err := g.disks[0].read(ledger, ledgerAt, nil); err != nil {
		return err.Error()
	}
	newest, wrong := scanLedger(ledger)
	if wrong == "" && newest < g.expects {
		wrong = fmt.Sprintf("The newest record is %d. Record %d had been acknowledged.", newest, g.expects)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.state.AcknowledgedSequence, g.state.SequenceAtBoot = newest, &newest
	if wrong == "" {
		g.state.Health = "HEALTHY"
	}
	return wrong
}

func (g *guest) appendRecord() {
	sequence, now := g.report().AcknowledgedSequence+1, time.Now().UnixMilli()
	if err := g.write(g.disks[0], encodeRecord(sequence, now), slotAt(sequence)); err != nil {
		log.Print(err)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.state.AcknowledgedSequence, g.state.LastWriteAtMs = sequence, &now
	if g.state.FirstWriteAtMs == nil {
		g.state.FirstWriteAtMs = &now
	}
}

// rewrite puts random bytes over one block of one disk. The larger disk is hit more often.
func (g *guest) rewrite(areas []usedArea) {
	all := int64(0)
	for _, area := range areas {
		all += area.last - area.first
	}
	if all == 0 {
		return
	}
	block := make([]byte, blockBytes)
	g.random.Read(block)
	chosen := g.random.Int63n(all)
	for _, area := range areas {
		if length := area.last - area.first; chosen >= length {
			chosen -= length
			continue
		}
		if err := g.write(area.disk, block, (area.first+chosen)*blockBytes); err != nil {
			log.Print(err)
		}
		return
	}
}

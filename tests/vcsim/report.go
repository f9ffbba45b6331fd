package main

import (
	"encoding/json"
	"log"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

const reportEvery = 200 * time.Millisecond

// guestReport is what a guest says of itself.
type guestReport struct {
	Health               string  `json:"health"`
	HealthDetail         *string `json:"healthDetail"`
	AcknowledgedSequence int64   `json:"acknowledgedSequence"`
	SequenceAtBoot       *int64  `json:"sequenceAtBoot"`
	FirstWriteAtMs       *int64  `json:"firstWriteAtMs"`
	LastWriteAtMs        *int64  `json:"lastWriteAtMs"`
}

// reportOn shows what the guest says of itself until it has ended.
func (m *machine) reportOn(g *guest) {
	for ended := false; !ended; {
		select {
		case <-g.ended:
			ended = true
		case <-time.After(reportEvery):
		}
		m.locked(func() {
			if m.guest == g {
				m.showReport()
			}
		})
	}
}

func (m *machine) showReport() {
	text, err := json.Marshal(m.guest.report())
	if err != nil {
		log.Print(err)
		return
	}
	m.setExtra(&types.OptionValue{Key: reportKey, Value: string(text)})
}

func (g *guest) report() guestReport {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.state
}

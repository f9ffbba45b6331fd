package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
)

// scenario is what VMs a test wants, read from a file.
type scenario struct {
	VMs     []wantedVM `json:"vms"`
	AgentVM string     `json:"agentVm"` // a VM that runs and has no disks of its own, to which disks are connected
}

type wantedVM struct {
	Name            string       `json:"name"`
	CPUs            int32        `json:"cpus"`
	MemoryMiB       int64        `json:"memoryMiB"`
	GuestID         string       `json:"guestId"`
	Firmware        string       `json:"firmware"`
	HardwareVersion string       `json:"hardwareVersion"`
	Network         string       `json:"network"`
	Power           string       `json:"power"` // "on" or "off"
	Tools           bool         `json:"tools"`
	ChangeTracking  bool         `json:"changeTracking"`
	Disks           []wantedDisk `json:"disks"`
	Guest           *wantedGuest `json:"guest"` // without one the VM never writes

	// Whatever keeps a VM from being moved while it runs.
	IndependentDisk     bool `json:"independentDisk"`
	RDM                 bool `json:"rdm"`
	SharedBus           bool `json:"sharedBus"`
	MultiWriter         bool `json:"multiWriter"`
	PCIPassthrough      bool `json:"pciPassthrough"`
	VTPM                bool `json:"vtpm"`
	Snapshot            bool `json:"snapshot"`
	ConsolidationNeeded bool `json:"consolidationNeeded"`
}

type wantedDisk struct {
	SizeMiB   int64 `json:"sizeMiB"`
	FilledMiB int64 `json:"filledMiB"`
}

type wantedGuest struct {
	RecordsPerSecond    float64 `json:"recordsPerSecond"`
	RewriteKiBPerSecond float64 `json:"rewriteKiBPerSecond"`
}

func readScenario(file string) (wanted scenario, err error) {
	if file == "" {
		return wanted, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return wanted, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&wanted); err != nil {
		return wanted, fmt.Errorf("%s: %w", file, err)
	}
	for _, vm := range wanted.VMs {
		if vm.Guest != nil && (len(vm.Disks) == 0 || vm.Disks[0].SizeMiB<<20 < ledgerEnd) {
			return wanted, fmt.Errorf("%s: the guest of %s keeps a ledger on its first disk, which has to have 3 MiB or more", file, vm.Name)
		}
		for _, disk := range vm.Disks {
			if disk.FilledMiB > disk.SizeMiB {
				return wanted, fmt.Errorf("%s: a disk of %s is filled with more than it holds", file, vm.Name)
			}
		}
	}
	return wanted, nil
}

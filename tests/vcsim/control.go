package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// order is what a test asks for, in one line of JSON. Which fields count depends on what is to be done.
type order struct {
	Do      string `json:"do"`
	VM      string `json:"vm"`
	Disk    int    `json:"disk"`
	Offset  int64  `json:"offset"`
	Length  int64  `json:"length"`
	Byte    byte   `json:"byte"`
	Method  string `json:"method"`
	Fault   string `json:"fault"`
	Message string `json:"message"`
	Times   int    `json:"times"`
	DownMs  int64  `json:"downMs"`
	Ms      int64  `json:"ms"`
	Host    string `json:"host"`
}

type answer map[string]interface{}

// obey carries out orders, each answered with one line, until the input ends.
func (f *front) obey(input io.Reader, output io.Writer) {
	lines := bufio.NewScanner(input)
	encoder := json.NewEncoder(output)
	for lines.Scan() {
		said, err := f.obeyOne(lines.Bytes())
		if err != nil {
			said = answer{"error": err.Error()}
		} else {
			said["ok"] = true
		}
		if encoder.Encode(said) != nil {
			return
		}
	}
}

func (f *front) obeyOne(line []byte) (answer, error) {
	var asked order
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&asked); err != nil {
		return nil, err
	}
	said := answer{}
	switch asked.Do {
	case "failNext":
		f.failures.add(failure{asked.Method, asked.Fault, asked.Message, int(greater(1, int64(asked.Times)))})
	case "endSessions":
		endSessions()
	case "sessions":
		said["count"] = len(liveSessions())
	case "rotateCertificate":
		return said, f.changeCertificate()
	case "restart":
		f.goDown(time.Duration(asked.DownMs) * time.Millisecond)
	case "slowRemoval":
		f.vcenter.removalMs.Store(asked.Ms)
	default:
		m, err := f.vcenter.machineNamed(asked.VM)
		if err != nil {
			return nil, err
		}
		return said, m.obey(asked, said)
	}
	return said, nil
}

// obey carries out an order that is about one VM.
func (m *machine) obey(asked order, said answer) (err error) {
	switch asked.Do {
	case "forgetChangeIds":
		m.locked(func() {
			for _, attached := range m.disks {
				attached.disk.forgetMarks()
			}
			m.showDisks()
		})
		return nil
	case "guest":
		m.locked(func() {
			if m.guest != nil {
				m.showReport()
			}
			if text := m.extra(reportKey); text == "" {
				err = errors.New("this VM has no guest")
			} else {
				said["report"] = json.RawMessage(text)
			}
		})
		return err
	case "migrate":
		m.locked(func() { err = m.migrate(asked.Host) })
		return err
	case "disk", "write", "writeUntracked":
		return m.obeyOnDisk(asked, said)
	}
	return fmt.Errorf("unknown order %q", asked.Do)
}

// obeyOnDisk reads or writes a disk while its guest waits.
func (m *machine) obeyOnDisk(asked order, said answer) (err error) {
	m.locked(func() {
		m.writing.Lock()
		defer m.writing.Unlock()
		var d *disk
		if d, err = m.diskNumbered(asked.Disk); err != nil {
			return
		}
		if asked.Do == "disk" {
			said["path"], said["sizeBytes"] = d.flat, d.sizeBytes
			said["sha256"], err = d.sha256()
		} else if asked.Offset < 0 || asked.Length < 0 || asked.Offset+asked.Length > d.sizeBytes {
			err = errors.New("this lies beyond the disk's end")
		} else {
			err = d.write(bytes.Repeat([]byte{asked.Byte}, int(asked.Length)), asked.Offset, asked.Do == "write")
		}
	})
	return err
}

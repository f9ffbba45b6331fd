package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"sync"
)

const (
	blockBytes = 4096
	hashBytes  = 1 << 20
)

// disk is a virtual disk: a flat file of its full size, and above it the deltas, one for each snapshot. A write goes to the newest
// delta, so that everything below stands still, as on vSphere. Only without a delta does it reach the flat file.
type disk struct {
	path      string // of its descriptor, such as "[LocalDS_0] web-1/web-1.vmdk"
	flat      string // the file that holds its content
	uuid      string
	sizeBytes int64

	mu       sync.Mutex
	file     *os.File // opened when it is first needed
	deltas   []*delta // oldest first
	tracking *tracking

	activity activity
}

// delta holds what was written since a snapshot was taken, in whole blocks.
type delta struct {
	path     string
	blocks   map[int64][]byte
	leftOver bool // its snapshot is gone, and nobody has consolidated it
}

// read fills p with the content at offset as it was when the snapshot of `before` was taken; nil means as it is now.
func (d *disk) read(p []byte, offset int64, before *delta) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.readLocked(p, offset, before)
}

func (d *disk) readLocked(p []byte, offset int64, before *delta) error {
	if err := d.open(); err != nil {
		return err
	}
	n, err := d.file.ReadAt(p, offset)
	if err != nil && err != io.EOF {
		return err
	}
	for i := range p[n:] {
		p[n+i] = 0
	}
	for _, each := range d.deltas {
		if each == before {
			break
		}
		for block := offset / blockBytes; block*blockBytes < offset+int64(len(p)); block++ {
			if content, ok := each.blocks[block]; ok {
				copyOver(p, offset, content, block*blockBytes)
			}
		}
	}
	return nil
}

// copyOver copies what lies at `from` over what lies at `offset`, where the two overlap.
func copyOver(p []byte, offset int64, content []byte, from int64) {
	if from >= offset {
		copy(p[from-offset:], content)
	} else {
		copy(p, content[offset-from:])
	}
}

// write puts p at offset. Changed block tracking hears of it only where it is tracked.
func (d *disk) write(p []byte, offset int64, tracked bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if tracked && d.tracking != nil {
		d.tracking.note(offset, int64(len(p)))
	}
	if err := d.open(); err != nil {
		return err
	}
	if len(d.deltas) == 0 {
		_, err := d.file.WriteAt(p, offset)
		return err
	}
	newest := d.deltas[len(d.deltas)-1]
	for block := offset / blockBytes; block*blockBytes < offset+int64(len(p)); block++ {
		content := newest.blocks[block]
		if content == nil {
			content = make([]byte, blockBytes)
			if err := d.readLocked(content, block*blockBytes, nil); err != nil {
				return err
			}
			newest.blocks[block] = content
		}
		from := block * blockBytes
		if from >= offset {
			copy(content, p[from-offset:])
		} else {
			copy(content[offset-from:], p)
		}
	}
	return nil
}

// freeze lets what there is stand still: from here on writes go to a new delta.
func (d *disk) freeze(path string) *delta {
	d.mu.Lock()
	defer d.mu.Unlock()
	added := &delta{path: path, blocks: map[int64][]byte{}}
	d.deltas = append(d.deltas, added)
	return added
}

// merge writes a delta into what lies below it, and drops it.
func (d *disk) merge(merged *delta) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, each := range d.deltas {
		if each != merged {
			continue
		}
		if i == 0 {
			if err := d.writeBack(each); err != nil {
				return err
			}
		} else {
			for block, content := range each.blocks {
				d.deltas[i-1].blocks[block] = content
			}
		}
		d.deltas = append(append([]*delta{}, d.deltas[:i]...), d.deltas[i+1:]...)
		return nil
	}
	return nil
}

func (d *disk) writeBack(merged *delta) error {
	if err := d.open(); err != nil {
		return err
	}
	for block, content := range merged.blocks {
		from := block * blockBytes
		if rest := d.sizeBytes - from; rest < blockBytes {
			content = content[:rest]
		}
		if _, err := d.file.WriteAt(content, from); err != nil {
			return err
		}
	}
	return nil
}

// top is the path of the descriptor that a running VM writes to.
func (d *disk) top() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.deltas) == 0 {
		return d.path
	}
	return d.deltas[len(d.deltas)-1].path
}

// chain is the deltas of this moment, oldest first.
func (d *disk) chain() []*delta {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]*delta{}, d.deltas...)
}

// sha256 is the hash of the content as it is now.
func (d *disk) sha256() (string, error) {
	hash := sha256.New()
	piece := make([]byte, hashBytes)
	for offset := int64(0); offset < d.sizeBytes; offset += hashBytes {
		if rest := d.sizeBytes - offset; rest < hashBytes {
			piece = piece[:rest]
		}
		if err := d.read(piece, offset, nil); err != nil {
			return "", err
		}
		hash.Write(piece)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

func (d *disk) open() (err error) {
	if d.file == nil {
		d.file, err = os.OpenFile(d.flat, os.O_RDWR, 0)
	}
	return err
}

// close lets go of the file, which is then opened anew by whoever needs it.
func (d *disk) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.file != nil {
		d.file.Close()
		d.file = nil
	}
}

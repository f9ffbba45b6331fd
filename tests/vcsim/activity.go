package main

import (
	"sync"
	"time"
)

const (
	sampleSeconds = 20
	samplesKept   = 9
)

// activity is what a guest wrote to one disk, second by second, for the last three minutes.
type activity struct {
	mu      sync.Mutex
	seconds [sampleSeconds * samplesKept]writes
}

type writes struct {
	second, count, bytes int64
	took                 time.Duration
}

func (a *activity) note(bytes int, took time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now().Unix()
	at := &a.seconds[now%int64(len(a.seconds))]
	if at.second != now {
		*at = writes{second: now}
	}
	at.count++
	at.bytes += int64(bytes)
	at.took += took
}

// sample adds up the twenty seconds that ended at one.
func (a *activity) sample(end int64) (sum writes) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, each := range a.seconds {
		if each.second > end-sampleSeconds && each.second <= end {
			sum.count += each.count
			sum.bytes += each.bytes
			sum.took += each.took
		}
	}
	return sum
}

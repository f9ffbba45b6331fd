package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// performance answers for the disks of VMs with what their guests really wrote, and leaves everything else to govmomi.
type performance struct {
	simulator.PerformanceManager // first, where govmomi looks for its properties

	counters map[int32]func(writes) int64
}

// PerfMetricIntSeries is vSphere's type of this name, by which it is sent. Govmomi's own leaves out every zero, and with them the order.
type PerfMetricIntSeries struct {
	types.PerfMetricSeries

	Value []string `xml:"value"`
}

func adoptPerformance() {
	original := simulator.Map.Get(*serviceContent().PerfManager).(*simulator.PerformanceManager)
	p := &performance{PerformanceManager: *original, counters: map[int32]func(writes) int64{}}
	known := map[string]func(writes) int64{
		"virtualDisk.write.average":               func(w writes) int64 { return w.bytes / 1024 / sampleSeconds },
		"virtualDisk.numberWriteAveraged.average": func(w writes) int64 { return w.count / sampleSeconds },
		"virtualDisk.totalWriteLatency.average":   func(w writes) int64 { return w.took.Milliseconds() / greater(w.count, 1) },
	}
	for _, counter := range p.PerfCounter {
		name := fmt.Sprintf("%s.%s.%s", counter.GroupInfo.GetElementDescription().Key, counter.NameInfo.GetElementDescription().Key, counter.RollupType)
		if value := known[name]; value != nil {
			p.counters[counter.Key] = value
		}
	}
	simulator.Map.Put(p)
}

// QueryPerfCounter describes counters by their keys.
func (p *performance) QueryPerfCounter(req *types.QueryPerfCounter) soap.HasFault {
	res := &types.QueryPerfCounterResponse{}
	for _, id := range req.CounterId {
		for _, counter := range p.PerfCounter {
			if counter.Key == id {
				res.Returnval = append(res.Returnval, counter)
			}
		}
	}
	if len(res.Returnval) != len(req.CounterId) {
		return &methods.QueryPerfCounterBody{Fault_: simulator.Fault("A specified parameter was not correct: counterId", &types.InvalidArgument{InvalidProperty: "counterId"})}
	}
	return &methods.QueryPerfCounterBody{Res: res}
}

// QueryAvailablePerfMetric lists our counters for each disk of a VM.
func (p *performance) QueryAvailablePerfMetric(ctx *simulator.Context, req *types.QueryAvailablePerfMetric) soap.HasFault {
	m, ok := simulator.Map.Get(req.Entity).(*machine)
	if !ok {
		return p.PerformanceManager.QueryAvailablePerfMetric(ctx, req)
	}
	res := &types.QueryAvailablePerfMetricResponse{}
	ctx.WithLock(m, func() {
		for instance := range m.diskInstances() {
			for counter := range p.counters {
				res.Returnval = append(res.Returnval, types.PerfMetricId{CounterId: counter, Instance: instance})
			}
		}
	})
	return &methods.QueryAvailablePerfMetricBody{Res: res}
}

// QueryPerf answers one query after the other.
func (p *performance) QueryPerf(ctx *simulator.Context, req *types.QueryPerf) soap.HasFault {
	res := &types.QueryPerfResponse{}
	for _, query := range req.QuerySpec {
		m, ok := simulator.Map.Get(query.Entity).(*machine)
		if ok {
			ctx.WithLock(m, func() { res.Returnval = append(res.Returnval, p.measure(m, query)) })
			continue
		}
		body := p.PerformanceManager.QueryPerf(ctx, &types.QueryPerf{This: req.This, QuerySpec: []types.PerfQuerySpec{query}})
		if body.Fault() != nil {
			return body
		}
		res.Returnval = append(res.Returnval, body.(*methods.QueryPerfBody).Res.Returnval...)
	}
	return &methods.QueryPerfBody{Res: res}
}

// measure is the samples of the last minutes, oldest first. Of a VM that is off nothing is measured.
func (p *performance) measure(m *machine, query types.PerfQuerySpec) *types.PerfEntityMetric {
	metric := &types.PerfEntityMetric{PerfEntityMetricBase: types.PerfEntityMetricBase{Entity: query.Entity}}
	if !m.running.Load() {
		return metric
	}
	ends := sampleEnds(query, time.Now())
	for _, end := range ends {
		metric.SampleInfo = append(metric.SampleInfo, types.PerfSampleInfo{Timestamp: end, Interval: sampleSeconds})
	}
	for _, wanted := range query.MetricId {
		value := p.counters[wanted.CounterId]
		for instance, d := range m.diskInstances() {
			if value == nil || wanted.Instance != "*" && wanted.Instance != instance {
				continue
			}
			series := &PerfMetricIntSeries{PerfMetricSeries: types.PerfMetricSeries{Id: types.PerfMetricId{CounterId: wanted.CounterId, Instance: instance}}}
			for _, end := range ends {
				series.Value = append(series.Value, strconv.FormatInt(value(d.activity.sample(end.Unix())), 10))
			}
			metric.Value = append(metric.Value, series)
		}
	}
	return metric
}

// sampleEnds is when the samples that are asked for end, oldest first. Those after an instant follow from it, so that none of them
// tells what one before it has told; without one the newest ends now.
func sampleEnds(query types.PerfQuerySpec, now time.Time) []time.Time {
	const sample = sampleSeconds * time.Second
	samples := samplesKept
	if query.MaxSample > 0 && int(query.MaxSample) < samples {
		samples = int(query.MaxSample)
	}
	newest := now
	if query.StartTime != nil {
		passed := int(now.Sub(*query.StartTime) / sample)
		newest = query.StartTime.Add(time.Duration(passed) * sample)
		if passed < samples {
			samples = passed
		}
	}
	var ends []time.Time
	for n := samples - 1; n >= 0; n-- {
		ends = append(ends, newest.Add(-time.Duration(n)*sample))
	}
	return ends
}

// diskInstances is the machine's disks as performance counters name them: "scsi0:0".
func (m *machine) diskInstances() map[string]*disk {
	found := map[string]*disk{}
	for key, attached := range m.disks {
		if place := key - diskKey; place >= 0 {
			found[fmt.Sprintf("scsi%d:%d", place/unitsPerBus, place%unitsPerBus)] = attached.disk
		}
	}
	return found
}

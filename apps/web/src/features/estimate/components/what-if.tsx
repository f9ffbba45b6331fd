'use client'
import { forecastWave } from '@driftless/domain'
import type { WaveForecast } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import { useDeferredValue, useMemo, useState } from 'react'
import { Button } from '@/ui/button.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { applied, isChanged, unchanged } from '../view/what-if.ts'
import type { WhatIf as Trial } from '../view/what-if.ts'
import type { Reading } from './estimate-detail-page.tsx'
import { WhatIfControls } from './what-if-controls.tsx'
import { WhatIfResult } from './what-if-result.tsx'
import { WhatIfVms } from './what-if-vms.tsx'

/** Changes on a trial, simulated in the page at once: nothing is written and nobody is asked. What is shown is the difference to how it is. */
export function WhatIf({ reading, forecast }: { reading: Reading; forecast: WaveForecast }) {
  const t = useTranslations('estimate.whatIf')
  const { input } = reading
  const [changes, setChanges] = useState<Partial<Trial>>({})
  const trial = { ...unchanged(input), ...changes }
  // While the simulation of the last change runs, the controls go on.
  const simulated = useDeferredValue(changes)
  const other = useMemo(() => {
    const wave = applied(input, { ...unchanged(input), ...simulated })
    return wave.vms.length === 0 ? null : forecastWave(wave)
  }, [input, simulated])
  const changed = isChanged(input, trial)
  const change = (part: Partial<Trial>) => setChanges((before) => ({ ...before, ...part }))
  return (
    <Card>
      <CardHeader title={t('title')} description={t('description')} actions={changed && <Button size="sm" onClick={() => setChanges({})}>{t('reset')}</Button>} />
      <CardBody className="grid items-start gap-x-8 gap-y-6 lg:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-5">
          <WhatIfControls reading={reading} trial={trial} onChange={change} />
          {input.vms.length > 1 && <WhatIfVms reading={reading} trial={trial} onChange={change} />}
        </div>
        <WhatIfResult before={forecast} after={changed ? other : forecast} changed={changed} />
      </CardBody>
    </Card>
  )
}

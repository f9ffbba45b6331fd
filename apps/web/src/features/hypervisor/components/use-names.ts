'use client'
import { useMessages, useTranslations } from 'next-intl'
import type en from '../../../../messages/en/hypervisor.json'

type Texts = typeof en

/** What agents name by codes, in the person's language. An agent may be newer than this portal and know others. */
export function useNames() {
  const t = useTranslations('hypervisor')
  const { hypervisor } = useMessages()
  const isProblem = (code: string): code is keyof Texts['problem']['titles'] => Object.hasOwn(hypervisor.problem.titles, code)
  const isCapability = (name: string): name is keyof Texts['capabilities']['names'] => Object.hasOwn(hypervisor.capabilities.names, name)
  const isBlocker = (code: string): code is keyof Texts['blockers'] => Object.hasOwn(hypervisor.blockers, code)
  const isRemark = (code: string): code is keyof Texts['remarks'] => Object.hasOwn(hypervisor.remarks, code)
  const isNotice = (code: string): code is keyof Texts['notices']['titles'] => Object.hasOwn(hypervisor.notices.titles, code)
  return {
    problem: (code: string) => t(`problem.titles.${isProblem(code) ? code : 'other'}`),
    /** What to do about a problem. */
    remedy: (code: string) => t(`problem.remedies.${isProblem(code) ? code : 'other'}`),
    capability: (name: string) => (isCapability(name) ? t(`capabilities.names.${name}`) : name),
    /** A blocker in a few words; null: only its agent has words for it. */
    blocker: (code: string) => (isBlocker(code) ? t(`blockers.${code}`) : null),
    /** What a remark says of any number of VMs; null: only its agent has words for it, one VM at a time. */
    remark: (code: string) => (isRemark(code) ? t(`remarks.${code}`) : null),
    notice: (code: string) => t(`notices.titles.${isNotice(code) ? code : 'other'}`),
  }
}

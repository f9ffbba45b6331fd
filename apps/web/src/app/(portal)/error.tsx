'use client'
export { FailedState as default } from '@/features/shell/components/failed-state.tsx'

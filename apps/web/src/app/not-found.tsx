import { NotFoundState } from '@/features/shell/components/not-found-state.tsx'

export default function NotFound() {
  return <main className="grid min-h-dvh place-items-center"><NotFoundState /></main>
}

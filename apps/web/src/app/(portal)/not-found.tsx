export { NotFoundState as default } from '@/features/shell/components/not-found-state.tsx'

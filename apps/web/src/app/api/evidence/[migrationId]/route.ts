import { readWaveIdOf } from '@driftless/db'
import { answerEvidence } from '@/features/evidence/server/answer-evidence.ts'
import { readEvidenceFile } from '@/features/evidence/server/evidence-file.ts'

/** The evidence of one VM's migration, as JSON or with `?format=pdf` as a document. */
export async function GET(request: Request, { params }: { params: Promise<{ migrationId: string }> }): Promise<Response> {
  const { migrationId } = await params
  return answerEvidence(request, '/api/evidence', migrationId, async (tx) => {
    const waveId = await readWaveIdOf(tx, migrationId)
    return waveId === null ? null : readEvidenceFile(tx, waveId, migrationId)
  })
}

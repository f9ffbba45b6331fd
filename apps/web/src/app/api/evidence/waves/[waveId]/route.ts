import { answerEvidence } from '@/features/evidence/server/answer-evidence.ts'
import { readEvidenceFile } from '@/features/evidence/server/evidence-file.ts'

/** The evidence of a whole wave, as JSON or with `?format=pdf` as a document. */
export async function GET(request: Request, { params }: { params: Promise<{ waveId: string }> }): Promise<Response> {
  const { waveId } = await params
  return answerEvidence(request, '/api/evidence/waves', waveId, (tx) => readEvidenceFile(tx, waveId, null))
}

/** Who can sign in to a demo installation, as its seed creates them; shown only where the database says that it is one. */
export const DEMO_PASSWORD = 'driftless-demo'
export const DEMO_PEOPLE = [
  { key: 'operator', email: 'operator@alpine.example' },
  { key: 'scheduler', email: 'scheduler@northwind.example' },
  { key: 'approver', email: 'approver@alpine.example' },
  { key: 'admin', email: 'admin@northwind.example' },
  { key: 'other', email: 'operator@harbour.example' },
] as const

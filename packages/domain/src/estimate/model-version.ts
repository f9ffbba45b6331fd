/** The version of the simulation, kept beside every estimate: raise it whenever the same input comes to other figures. */
export const FORECAST_MODEL = 'block-bootstrap/3'

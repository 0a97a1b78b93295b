import { vectorsSuite } from './vectors-suite.ts'

vectorsSuite()

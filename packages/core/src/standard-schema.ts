/** The part of the Standard Schema interface (standardschema.dev, version 1) that a namespace needs: zod, valibot, arktype … */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult | Promise<SchemaResult>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

interface SchemaResult {
  readonly issues?: readonly unknown[] | undefined
}

/** Whether the schema takes the value. A schema that throws takes nothing. */
export async function accepts(schema: StandardSchema, value: unknown): Promise<boolean> {
  try {
    return (await schema['~standard'].validate(value)).issues === undefined
  } catch {
    return false
  }
}

/** The same at once; a schema that only answers asynchronously takes nothing here. */
export function acceptsSync(schema: StandardSchema, value: unknown): boolean {
  try {
    const result = schema['~standard'].validate(value)
    return !('then' in result) && result.issues === undefined
  } catch {
    return false
  }
}

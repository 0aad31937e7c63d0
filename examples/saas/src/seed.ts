import { hashPassword } from './passwords.js'
import type { Postgres } from './postgres.js'

/** Every tenant of the example. The first three letters of an id mark the tenant's customers: `Customer AUR-17` is Aurora's. */
export const organizations = [
  { id: 'aurora', name: 'Aurora Coffee', plan: 'business' },
  { id: 'borealis', name: 'Borealis Books', plan: 'team' },
  { id: 'cascade', name: 'Cascade Bikes', plan: 'team' },
  { id: 'dune', name: 'Dune Ceramics', plan: 'free' },
  { id: 'ember', name: 'Ember Kitchens', plan: 'business' },
  { id: 'fjord', name: 'Fjord Outdoor', plan: 'team' },
  { id: 'glacier', name: 'Glacier Water', plan: 'free' },
  { id: 'harbor', name: 'Harbor Lights', plan: 'business' },
] as const

/** The people of *every* organization: the same ids in each, so that a cache keyed by user id alone would mix tenants up. */
export const people = [
  { id: 'ana', name: 'Ana', role: 'owner' },
  { id: 'ben', name: 'Ben', role: 'member' },
  { id: 'caro', name: 'Caro', role: 'member' },
  { id: 'dev', name: 'Dev', role: 'member' },
  { id: 'eli', name: 'Eli', role: 'member' },
] as const

/** Everybody's password in the example's data. */
export const demoPassword = 'correct horse'

const schema = `
  create table plans (id text primary key, name text not null, monthly_euros int not null, seats int not null);
  create table rates (currency text primary key, euros numeric not null);
  create table organizations (id text primary key, name text not null, plan_id text not null references plans);
  create table users (
    organization_id text not null references organizations,
    id text not null,
    name text not null,
    email text not null,
    role text not null,
    password_hash text not null,
    primary key (organization_id, id)
  );
  create table invoices (
    id int generated always as identity primary key,
    organization_id text not null,
    user_id text not null,
    customer text not null,
    issued_on date not null,
    currency text not null,
    amount_cents int not null check (amount_cents > 0),
    paid_on date
  );`

const catalogue = `
  insert into plans values ('free', 'Free', 0, 3), ('team', 'Team', 49, 20), ('business', 'Business', 199, 200);
  insert into rates values ('EUR', 1), ('USD', 0.92), ('GBP', 1.17);`

// Foreign keys and indexes come after the rows: one pass over all of them instead of 240,000 small ones.
const invoices = `
  select setseed(0.42);
  insert into invoices (organization_id, user_id, customer, issued_on, currency, amount_cents, paid_on)
  select
    organization_id,
    people[1 + floor(random() * array_length(people, 1))::int],
    'Customer ' || upper(left(organization_id, 3)) || '-' || (1 + floor(random() * 200))::int,
    issued_on,
    (array['EUR', 'USD', 'GBP'])[1 + floor(random() * 3)::int],
    500 + floor(random() * 250000)::int,
    case when random() < 0.85 then issued_on + floor(random() * 60)::int end
  from (
    select
      date '2024-01-01' + (n::bigint * 731 / %COUNT%)::int as issued_on,
      organizations[1 + floor(random() * array_length(organizations, 1))::int] as organization_id,
      people
    from
      generate_series(0, %COUNT% - 1) as n,
      (select array_agg(id order by id) as organizations from organizations) as tenants,
      (select array_agg(distinct id order by id) as people from users) as members
  ) as drawn;
  alter table invoices
    add foreign key (organization_id, user_id) references users,
    add foreign key (currency) references rates;
  create index on invoices (organization_id, issued_on);
  create index on invoices (organization_id, user_id, issued_on);
  analyze;`

/**
 * Fills an empty database: 8 organizations with 5 people each, and `invoiceCount` invoices issued in 2024 and 2025.
 * The same count gives the same rows on every machine: chance comes from a fixed `setseed`, inside PostgreSQL.
 */
export async function seed(postgres: Postgres, invoiceCount: number): Promise<void> {
  await postgres.execute('schema', schema + catalogue)
  for (const organization of organizations) {
    await postgres.query(
      'seed organizations',
      'insert into organizations values ($1, $2, $3)',
      Object.values(organization),
    )
  }
  await postgres.query(
    'seed users',
    `insert into users
     select organizations.id, person.id, person.name, person.id || '@' || organizations.id || '.example', person.role, $2
     from organizations cross join jsonb_to_recordset($1) as person(id text, name text, role text)`,
    [JSON.stringify(people), await hashPassword(demoPassword)],
  )
  await postgres.execute('seed invoices', invoices.replaceAll('%COUNT%', String(invoiceCount)))
}

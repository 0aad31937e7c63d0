import { Injectable } from '@nestjs/common'
import { Cached, InvalidateScope } from '@cacheado/nestjs'
import { Billing } from 'example-saas'
import type { Claims, Invoice, NewInvoice, TopCustomer } from 'example-saas'

@Injectable()
export class InvoicesService {
  constructor(private readonly billing: Billing) {}

  // A cached method: the value is kept, whichever controllers, jobs or services call it. The context of the request says for whom.
  @Cached({ scope: 'organization', ttl: '10m', tags: ['invoices'] })
  topCustomers(organization: string, limit: number): Promise<TopCustomer[]> {
    return this.billing.topCustomers(organization, limit)
  }

  // A write: once it has succeeded, everything made of invoices is invalid, in this organization and for each of its people;
  // nobody else loses anything.
  @InvalidateScope('organization', { tags: ['invoices'] })
  add(caller: Claims, invoice: NewInvoice): Promise<Invoice> {
    return this.billing.addInvoice(caller.org_id, caller.sub, invoice)
  }
}
